import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers, real sockets: a slow shared machine must not decide a test.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
