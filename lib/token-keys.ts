import { Stack } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './settings.ts'

/** By what tokens are verified: a shared secret, or the keys that an issuer publishes. */
export class TokenKeys extends Construct {
  /** The secret, unless an issuer's keys are used. */
  readonly secret?: ISecret
  readonly #environment: Readonly<Record<string, string>>

  constructor(scope: Construct, id: string, { jwt, removalPolicy }: Settings) {
    super(scope, id)
    const { issuer, audience, jwksUrl } = jwt
    if (jwksUrl === undefined) this.secret = jwt.secret ?? this.#generate(removalPolicy)
    this.#environment = {
      ...(jwksUrl !== undefined && { JWT_JWKS_URL: jwksUrl }),
      ...(this.secret && { JWT_SECRET_ARN: this.secret.secretArn }),
      ...(issuer !== undefined && { JWT_ISSUER: issuer }),
      ...(audience !== undefined && { JWT_AUDIENCE: audience }),
    }
  }

  /** Lets a function verify tokens. */
  allow(to: LambdaFunction): void {
    for (const [name, value] of Object.entries(this.#environment)) to.addEnvironment(name, value)
    if (this.secret) allowToRead(to, this.secret)
  }

  #generate(removalPolicy: Settings['removalPolicy']): ISecret {
    const secret = new Secret(this, 'Secret', {
      description: 'The key that signs and verifies client tokens (HS256)',
      // 64 of 62 characters: 381 bits, above the 256 that HS256 asks for, and safe to paste into a shell.
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy,
    })
    acknowledge(
      secret,
      'AwsSolutions-SMG4',
      'The key is shared with the backend that signs tokens. Rotated by itself it would refuse every token in ' +
        'use at once; whoever rotates it has to change both sides, which the operations guide describes.',
    )
    // CDK's own classes do not satisfy its interfaces under `exactOptionalPropertyTypes`.
    return secret as ISecret
  }
}

function allowToRead(to: LambdaFunction, secret: ISecret): void {
  // An imported secret may be known without the six random characters at the end of its ARN.
  const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`
  to.addToRolePolicy(new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [arn] }))
  if (!secret.encryptionKey) return
  // `grantDecrypt` would write into the key's policy, which is out of reach where the key was imported. The name ends
  // in `.amazonaws.com` in every partition, also where hosts end otherwise, as in China (KMS developer guide, page
  // conditions-kms, on kms:ViaService); CDK's own `grantRead` says the same.
  const throughSecretsManager = { 'kms:ViaService': `secretsmanager.${Stack.of(to).region}.amazonaws.com` }
  to.addToRolePolicy(
    new PolicyStatement({
      actions: ['kms:Decrypt'],
      resources: [secret.encryptionKey.keyArn],
      conditions: { StringEquals: throughSecretsManager },
    }),
  )
}
