import { RemovalPolicy } from 'aws-cdk-lib'
import { Match } from 'aws-cdk-lib/assertions'
import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  idOf,
  labelsOf,
  ofType,
  rightsOf,
  SYNTHESIS_MS,
  synthesize,
  type Synthesized,
} from './synthesized.ts'

const ASKED = {
  maxEventConcurrency: 5,
  logRetention: RetentionDays.ONE_WEEK,
  pointInTimeRecovery: false,
  removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
}

let deployed: Synthesized
let asked: Synthesized
beforeAll(() => {
  deployed = synthesize()
  asked = synthesize(ASKED, (fanout, stack) => {
    const assumedBy = new ServicePrincipal('ecs-tasks.amazonaws.com')
    fanout.grantPublish(new Role(stack, 'Backend', { assumedBy }))
  })
}, SYNTHESIS_MS)

describe('the tables', () => {
  it.each([
    ['log', 'N', true],
    ['connections', 'S', false],
  ] as const)('%s: keys, on demand, expiry, encryption, restore', (name, sortKey, restore) => {
    const { fanout, resources, stack } = deployed
    const table = name === 'log' ? fanout.logTable : fanout.connectionsTable
    expect(resources[idOf(stack, table)]).toMatchObject({
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: sortKey },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        SSESpecification: { SSEEnabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: restore },
        DeletionProtectionEnabled: true,
      },
    })
  })

  it('have no stream, index or replica', () => {
    deployed.template.resourceCountIs('AWS::DynamoDB::Table', 2)
    deployed.template.resourceCountIs('AWS::DynamoDB::GlobalTable', 0)
    const without = Match.objectLike({
      StreamSpecification: Match.absent(),
      GlobalSecondaryIndexes: Match.absent(),
    })
    deployed.template.allResourcesProperties('AWS::DynamoDB::Table', without)
  })
})

describe('the queue', () => {
  it('is FIFO at high throughput, encrypted, and gives up to its dead letters after ten tries', () => {
    const { fanout, resources, stack } = deployed
    expect(resources[idOf(stack, fanout.queue)]!.Properties).toEqual({
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
      VisibilityTimeout: 360,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [idOf(stack, fanout.deadLetterQueue), 'Arn'] },
        maxReceiveCount: 10,
      },
    })
  })

  it('has dead letters that are FIFO, too, and kept for 14 days', () => {
    const { fanout, resources, stack } = deployed
    expect(resources[idOf(stack, fanout.deadLetterQueue)]!.Properties).toMatchObject({
      FifoQueue: true,
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
    })
    deployed.template.resourceCountIs('AWS::SQS::Queue', 2)
  })

  it('is closed to whoever comes without TLS, and so are the dead letters', () => {
    const policies = ofType(deployed.resources, 'AWS::SQS::QueuePolicy')
    expect(policies).toHaveLength(2)
    for (const [, { Properties }] of policies) {
      expect(Properties['PolicyDocument']).toMatchObject({
        Statement: [
          {
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      })
    }
  })

  it('feeds the event function ten messages at a time, each answered for by itself', () => {
    const { fanout, resources, stack } = deployed
    const [mapping, ...others] = ofType(resources, 'AWS::Lambda::EventSourceMapping')
    expect(others).toEqual([])
    expect(mapping![1].Properties).toEqual({
      EventSourceArn: { 'Fn::GetAtt': [idOf(stack, fanout.queue), 'Arn'] },
      FunctionName: { Ref: idOf(stack, fanout.functions.event) },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    })
  })

  it('is read by as many at once as asked for', () => {
    asked.template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ScalingConfig: { MaximumConcurrency: 5 },
    })
  })

  it('can be written to by whom it is granted: sending and nothing else', () => {
    const role = Object.keys(asked.resources).find((id) => /^Backend[0-9A-F]{8}$/.test(id))!
    expect(rightsOf(asked.resources, role, labelsOf(asked))).toEqual(['sqs:SendMessage on <queue>'])
  })
})

describe('the removal policy', () => {
  const KEPT = [
    'AWS::DynamoDB::Table',
    'AWS::SQS::Queue',
    'AWS::SecretsManager::Secret',
    'AWS::Logs::LogGroup',
  ]

  it.each(KEPT)('keeps each %s by default', (type) => {
    const found = ofType(deployed.resources, type)
    expect(found.length).toBeGreaterThan(0)
    for (const [, resource] of found) expect(resource).toMatchObject({ DeletionPolicy: 'Retain' })
  })

  it('protects the tables against deletion by default', () => {
    deployed.template.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true })
  })

  describe('RETAIN_ON_UPDATE_OR_DELETE', () => {
    it.each(KEPT)('keeps each %s, but for a deployment that failed to make it', (type) => {
      const found = ofType(asked.resources, type)
      expect(found.length).toBeGreaterThan(0)
      for (const [, resource] of found) {
        expect(resource).toMatchObject({
          DeletionPolicy: 'RetainExceptOnCreate',
          UpdateReplacePolicy: 'Retain',
        })
      }
    })

    it('protects no table, which would stop that deployment from rolling back', () => {
      for (const [, { Properties }] of ofType(asked.resources, 'AWS::DynamoDB::Table')) {
        expect(Properties['DeletionProtectionEnabled'] ?? false).toBe(false)
      }
    })
  })

  describe('DESTROY', () => {
    let destroyed: Synthesized
    beforeAll(() => {
      destroyed = synthesize({ removalPolicy: RemovalPolicy.DESTROY })
    }, SYNTHESIS_MS)

    it.each(KEPT)('takes each %s along, with no protection in the way', (type) => {
      const found = ofType(destroyed.resources, type)
      expect(found.length).toBeGreaterThan(0)
      for (const [, resource] of found) {
        expect(resource).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' })
        expect(resource.Properties['DeletionProtectionEnabled'] ?? false).toBe(false)
      }
    })

    it('leaves the account’s log role, which other APIs may use by then', () => {
      for (const type of ['AWS::ApiGateway::Account', 'AWS::IAM::Role']) {
        const retained = ofType(destroyed.resources, type).filter(
          ([, { DeletionPolicy }]) => DeletionPolicy === 'Retain',
        )
        expect(retained).toHaveLength(1)
      }
    })
  })
})

describe('logs and restore', () => {
  it('are as asked for', () => {
    const groups = ofType(asked.resources, 'AWS::Logs::LogGroup')
    expect(groups).toHaveLength(10 + 2)
    for (const [, { Properties }] of groups) expect(Properties['RetentionInDays']).toBe(7)
    asked.template.allResourcesProperties('AWS::DynamoDB::Table', {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    })
  })
})
