import { Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, it } from 'vitest'
import { EventFanoutStack, type EventFanoutStackProps } from '../../lib/event-fanout-stack.ts'
import { resourcesOf, SYNTHESIS_MS, withApp } from './synthesized.ts'

function templateOf(props: EventFanoutStackProps = {}): Template {
  return withApp((app) => Template.fromStack(new EventFanoutStack(app, 'EventFanout', props)))
}

const outputsOf = (template: Template) =>
  (template.toJSON() as { Outputs: Record<string, { Value: unknown }> }).Outputs

const DOMAIN = {
  httpDomainName: 'events.example.com',
  webSocketDomainName: 'live.example.com',
  certificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/0a1b',
}

describe('the stack', () => {
  let template: Template
  beforeAll(() => {
    template = templateOf()
  }, SYNTHESIS_MS)

  it('says how to reach it', () => {
    expect(Object.keys(outputsOf(template)).sort()).toEqual([
      'DeadLetterQueueArn',
      'DeadLetterQueueUrl',
      'HttpUrl',
      'JwtSecretArn',
      'QueueArn',
      'QueueUrl',
      'WebSocketUrl',
    ])
    expect(JSON.stringify(outputsOf(template)['WebSocketUrl']!.Value)).toContain('wss://')
  })

  it('asks for no parameter but CDK’s own, and has no name that could be taken', () => {
    const { Parameters } = template.toJSON() as { Parameters: object }
    expect(Object.keys(Parameters)).toEqual(['BootstrapVersion'])
    for (const { Properties } of Object.values(resourcesOf(template))) {
      for (const fixed of ['TableName', 'QueueName', 'FunctionName', 'RoleName', 'SecretName']) {
        expect(typeof Properties[fixed]).not.toBe('string')
      }
    }
  })

  it('verifies by an issuer’s keys', () => {
    const asked = templateOf({ jwksUrl: 'https://id.example/jwks', issuer: 'https://id.example' })
    expect(outputsOf(asked)).not.toHaveProperty('JwtSecretArn')
    expect(JSON.stringify(asked.toJSON())).toContain('"JWT_ISSUER":"https://id.example"')
  })

  it('verifies by a secret that exists, and says which', () => {
    const jwtSecretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:own-AbCdEf'
    const asked = templateOf({ jwtSecretArn, audience: 'app' })
    asked.resourceCountIs('AWS::SecretsManager::Secret', 0)
    expect(outputsOf(asked)['JwtSecretArn']).toMatchObject({ Value: jwtSecretArn })
    expect(JSON.stringify(asked.toJSON())).toContain('"JWT_AUDIENCE":"app"')
  })

  describe('verifies by a secret under a key of the user’s', () => {
    const jwtSecretArn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:own-AbCdEf'
    const jwtSecretKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab'

    it('which every function that verifies may decrypt it with, through Secrets Manager alone', () => {
      const asked = templateOf({ jwtSecretArn, jwtSecretKeyArn })
      const region = { Ref: 'AWS::Region' }
      const via = { 'Fn::Join': ['', ['secretsmanager.', region, '.amazonaws.com']] }
      const decrypting = Object.values(resourcesOf(asked)).flatMap(({ Type, Properties }) => {
        if (Type !== 'AWS::IAM::Policy') return []
        const { Statement } = Properties['PolicyDocument'] as { Statement: { Action: unknown }[] }
        return Statement.filter(({ Action }) => JSON.stringify(Action).includes('kms:'))
      })
      expect(decrypting).toEqual(
        Array.from({ length: 5 }, () => ({
          Action: 'kms:Decrypt',
          Effect: 'Allow',
          Resource: jwtSecretKeyArn,
          Condition: { StringEquals: { 'kms:ViaService': via } },
        })),
      )
      expect(outputsOf(asked)['JwtSecretArn']).toMatchObject({ Value: jwtSecretArn })
    })

    it.each([
      'arn:aws:kms:eu-central-1:111122223333:alias/mine',
      '1234abcd-12ab-34cd-56ef-1234567890ab',
      'arn:aws:kms:eu-central-1:111122223333:key/*',
      jwtSecretArn,
    ])('refuses for it what is no key’s ARN: %s', (wrong) => {
      expect(() => templateOf({ jwtSecretArn, jwtSecretKeyArn: wrong })).toThrow(
        `jwtSecretKeyArn is "${wrong}"; it must be the ARN of a KMS key, such as arn:aws:kms:`,
      )
    })

    it.each([{}, { jwksUrl: 'https://id.example/jwks' }])(
      'refuses the key without the secret: %o',
      (props) => {
        expect(() => templateOf({ ...props, jwtSecretKeyArn })).toThrow(
          `jwtSecretKeyArn is "${jwtSecretKeyArn}", but there is no jwtSecretArn`,
        )
      },
    )
  })

  it.each([
    'mysecret',
    'arn:aws:secretsmanager:eu-central-1:111122223333:secret:own',
    'arn:aws:kms:eu-central-1:111122223333:key/own-AbCdEf',
  ])('refuses %s for the whole ARN of a secret', (jwtSecretArn) => {
    expect(() => templateOf({ jwtSecretArn })).toThrow(
      `jwtSecretArn is "${jwtSecretArn}"; it must be the whole ARN of a secret`,
    )
  })

  it('refuses what is no certificate', () => {
    expect(() => templateOf({ domain: { ...DOMAIN, certificateArn: 'foo' } })).toThrow(
      'certificateArn is "foo"; it must be the ARN of a certificate',
    )
  })

  it('refuses two ways to verify a token', () => {
    const both = {
      jwksUrl: 'https://id.example/jwks',
      jwtSecretArn: 'arn:aws:secretsmanager:a:1:secret:b-AbCdEf',
    }
    expect(() => templateOf(both)).toThrow('jwksUrl and jwtSecretArn are both set; keep the one')
  })

  it('says where to point the names, unless it makes their records', () => {
    expect(Object.keys(outputsOf(templateOf({ domain: DOMAIN })))).toEqual(
      expect.arrayContaining(['HttpDomainTarget', 'WebSocketDomainTarget']),
    )
    const hostedZone = { hostedZoneId: 'Z1', zoneName: 'example.com' }
    const zoned = templateOf({ domain: { ...DOMAIN, hostedZone } })
    zoned.resourceCountIs('AWS::Route53::RecordSet', 2)
    expect(Object.keys(outputsOf(zoned))).not.toContain('HttpDomainTarget')
  })

  it('publishes from a bus by its name', () => {
    const asked = templateOf({
      eventBridge: { eventBusName: 'business', eventPattern: { source: ['app'] } },
    })
    asked.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: 'business',
      EventPattern: { source: ['app'] },
    })
    expect(outputsOf(asked)).toHaveProperty('UndeliveredQueueUrl')
  })

  it('takes what a stack takes, and hands on what the construct takes', () => {
    const asked = templateOf({ description: 'mine', maxConnectionsPerUser: 3 })
    expect(asked.toJSON()).toMatchObject({ Description: 'mine' })
    expect(JSON.stringify(asked.toJSON())).toContain('"MAX_CONNECTIONS_PER_USER":"3"')
  })
})
