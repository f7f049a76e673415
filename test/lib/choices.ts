/** Choices of props that between them make every resource there is. */
import type { Stack } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { EventFanoutProps } from '../../lib/props.ts'

export type Props = (stack: Stack) => EventFanoutProps

export const DEFAULTS: Props = () => ({})

export const EVERYTHING: Props = (stack) => ({
  maxEventConcurrency: 10,
  allowedOrigins: ['https://app.example'],
  eventBridge: { eventPattern: { source: ['app'] } },
  domain: {
    httpDomainName: 'events.example.com',
    webSocketDomainName: 'live.example.com',
    certificate: Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:a:1:certificate/b'),
  },
})

export const JWKS: Props = () => ({ jwt: { jwksUrl: 'https://id.example/jwks' }, accountLogRole: false })

export const OWN_SECRET: Props = (stack) => ({
  jwt: {
    secret: Secret.fromSecretAttributes(stack, 'Secret', {
      secretCompleteArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:own-AbCdEf',
      encryptionKey: Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-central-1:111122223333:key/0a1b'),
    }),
  },
})
