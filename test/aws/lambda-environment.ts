import { onTestFinished, vi } from 'vitest'

/** What Lambda sets for every function, and whatever else a test wants, for as long as the test runs. */
export function stubEnvironment(variables: Readonly<Record<string, string>> = {}): void {
  const lambda = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    // Whatever this machine is configured for is none of the test's business.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
  for (const [name, value] of Object.entries({ ...lambda, ...variables })) vi.stubEnv(name, value)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
}
