/**
 * Stands in for `@aws-sdk/credential-provider-node` in the functions' bundles (the build's alias): Lambda puts the role's
 * credentials into the environment, so the SDK's search through profiles, SSO, web identities and instance metadata
 * is 130 KB that never runs, and a quarter of the time that loading takes.
 */

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** @returns what the SDK calls when it signs; throws if the variables that Lambda sets are missing */
export function defaultProvider(): () => Promise<Credentials> {
  return async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env
    if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
      throw new Error(
        'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set; Lambda sets them, and this bundle looks nowhere else',
      )
    }
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    }
  }
}
