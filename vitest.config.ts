import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers, real sockets: a slow shared machine must not decide a test.
    testTimeout: 60_000,
    // By itself one core is left idle, and most tests wait for processes of their own.
    maxWorkers: '100%',
    hookTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } },
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'test-results.json' }]] : ['default'],
  },
})
