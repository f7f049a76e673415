import { Match } from 'aws-cdk-lib/assertions'
import { Key } from 'aws-cdk-lib/aws-kms'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { beforeAll, describe, expect, it } from 'vitest'
import { FUNCTION_NAMES, type FunctionName } from '../../lib/function-settings.ts'
import {
  flat,
  idOf,
  labelsOf,
  ofType,
  rightsOf,
  roleOf,
  SYNTHESIS_MS,
  synthesize,
  type Synthesized,
  variablesOf,
} from './synthesized.ts'

const OWN = { secretCompleteArn: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:own-AbCdEf' }
const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/0a1b'

const ASKED = {
  memorySizes: { recent: 1024 },
  logLevel: 'debug',
  maxConnectionsPerUser: 3,
  receiptDetail: 'counts',
  allowedOrigins: ['https://a.example', 'https://b.example'],
} as const

let deployed: Synthesized
let asked: Synthesized
let labels: ReadonlyMap<string, string>
beforeAll(() => {
  deployed = synthesize()
  asked = synthesize(ASKED)
  labels = labelsOf(deployed)
}, SYNTHESIS_MS)

const EVERYWHERE = { LOG_LEVEL: 'info', NODE_OPTIONS: '--enable-source-maps' }
const LOG = { LOG_TABLE: '<log>' }
const CONNECTIONS = { CONNECTIONS_TABLE: '<connections>' }
const ENDPOINT = {
  CONNECTIONS_ENDPOINT: 'https://<sockets>.execute-api.<AWS::Region>.<AWS::URLSuffix>/v1',
}
const KEYS = { JWT_SECRET_ARN: '<secret>' }
const RETENTION = { RETENTION_DAYS: '30' }
const DETAIL = { RECEIPT_DETAIL: 'deliveries' }

const SOCKETS_ARN = 'arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<sockets>/v1'
const socketsBy = (method: string) =>
  `execute-api:ManageConnections on ${SOCKETS_ARN}/${method}/@connections/*`
const SOCKETS = [socketsBy('POST'), socketsBy('DELETE')]
const READ_SECRET = ['secretsmanager:GetSecretValue on <secret>']

const on = (resource: string, service: string, ...actions: string[]) =>
  actions.map((action) => `${service}:${action} on <${resource}>`)

/** The one table of what each function may do and knows; a difference on either side fails. */
const EXPECTED: Record<FunctionName, { rights: string[]; variables: Record<string, string> }> = {
  authorize: { rights: READ_SECRET, variables: KEYS },
  connect: {
    rights: [...on('connections', 'dynamodb', 'GetItem', 'UpdateItem'), ...SOCKETS],
    variables: { ...CONNECTIONS, ...ENDPOINT, MAX_CONNECTIONS_PER_USER: '20' },
  },
  disconnect: { rights: on('connections', 'dynamodb', 'UpdateItem'), variables: CONNECTIONS },
  message: {
    rights: [
      ...on('log', 'dynamodb', 'Query', 'GetItem', 'PutItem'),
      ...on('connections', 'dynamodb', 'GetItem', 'UpdateItem', 'PutItem'),
      ...SOCKETS,
    ],
    variables: { ...LOG, ...CONNECTIONS, ...ENDPOINT, ...RETENTION, MAX_CONNECTIONS_PER_USER: '20' },
  },
  event: {
    rights: [
      ...on('log', 'dynamodb', 'Query', 'GetItem', 'PutItem', 'BatchWriteItem'),
      ...on('connections', 'dynamodb', 'BatchGetItem', 'UpdateItem'),
      ...on(
        'queue',
        'sqs',
        'ReceiveMessage',
        'DeleteMessage',
        'GetQueueAttributes',
        'ChangeMessageVisibility',
      ),
      ...on('dead letters', 'sqs', 'SendMessage'),
      ...SOCKETS,
    ],
    variables: {
      ...LOG,
      ...CONNECTIONS,
      ...ENDPOINT,
      ...RETENTION,
      ...DETAIL,
      QUEUE_URL: '<queue>',
      DEAD_LETTER_QUEUE_URL: '<dead letters>',
    },
  },
  publish: {
    rights: [
      ...on('log', 'dynamodb', 'Query', 'GetItem', 'PutItem', 'BatchWriteItem'),
      ...on('connections', 'dynamodb', 'BatchGetItem', 'UpdateItem'),
      ...on('queue', 'sqs', 'SendMessage'),
      ...SOCKETS,
      ...READ_SECRET,
    ],
    variables: {
      ...LOG,
      ...CONNECTIONS,
      ...ENDPOINT,
      ...RETENTION,
      ...DETAIL,
      ...KEYS,
      QUEUE_URL: '<queue>',
    },
  },
  recent: {
    rights: [
      ...on('log', 'dynamodb', 'Query', 'GetItem', 'PutItem'),
      ...on('connections', 'dynamodb', 'GetItem', 'UpdateItem', 'PutItem'),
      ...READ_SECRET,
    ],
    variables: { ...LOG, ...CONNECTIONS, ...RETENTION, ...KEYS },
  },
  inspect: {
    rights: [
      ...on('log', 'dynamodb', 'Query', 'GetItem', 'PutItem'),
      ...on('connections', 'dynamodb', 'Query', 'GetItem', 'BatchGetItem'),
      socketsBy('GET'),
      ...READ_SECRET,
    ],
    variables: { ...LOG, ...CONNECTIONS, ...ENDPOINT, ...RETENTION, ...KEYS },
  },
  disconnectUser: {
    rights: [
      ...on('connections', 'dynamodb', 'GetItem', 'BatchGetItem', 'UpdateItem'),
      ...SOCKETS,
      ...READ_SECRET,
    ],
    variables: { ...CONNECTIONS, ...ENDPOINT, ...KEYS },
  },
  health: {
    rights: [
      ...on('log', 'dynamodb', 'PutItem'),
      ...on('connections', 'dynamodb', 'GetItem', 'UpdateItem'),
      ...on('queue', 'sqs', 'GetQueueAttributes'),
      ...on('dead letters', 'sqs', 'GetQueueAttributes'),
    ],
    variables: { ...LOG, ...CONNECTIONS, QUEUE_URL: '<queue>', DEAD_LETTER_QUEUE_URL: '<dead letters>' },
  },
}

describe.each(FUNCTION_NAMES)('the function %s', (name) => {
  it('may do exactly what it needs, on exactly those resources', () => {
    const ownLog = on(`logs of ${name}`, 'logs', 'CreateLogStream', 'PutLogEvents')
    const rights = rightsOf(deployed.resources, roleOf(deployed, name), labels)
    expect(rights).toEqual([...EXPECTED[name].rights, ...ownLog].sort())
  })

  it('knows exactly the variables that it uses', () => {
    const counting =
      name === 'health' ? {} : { METRICS_SERVICE: expect.stringMatching(/^Test-Fanout-/) as string }
    expect(variablesOf(deployed, name)).toEqual({
      ...EVERYWHERE,
      ...counting,
      ...EXPECTED[name].variables,
    })
  })

  it('has a role that only Lambda assumes', () => {
    const { AssumeRolePolicyDocument: trust } = deployed.resources[roleOf(deployed, name)]!.Properties
    expect(trust).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
      ],
    })
  })

  it('starts only when its rights are there', () => {
    const id = idOf(deployed.stack, deployed.fanout.functions[name])
    const policy = ofType(deployed.resources, 'AWS::IAM::Policy').find(([, { Properties }]) =>
      JSON.stringify(Properties['Roles']).includes(`"${roleOf(deployed, name)}"`),
    )
    expect(deployed.resources[id]!.DependsOn).toContain(policy![0])
  })

  it('runs on arm64 and the newest Node, and logs JSON into a group of its own that forgets', () => {
    const { Properties } = deployed.resources[idOf(deployed.stack, deployed.fanout.functions[name])]!
    expect(Properties).toMatchObject({
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      // Lambda's own filter lets all pass: it would take warnings for INFO.
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'TRACE', SystemLogLevel: 'WARN' },
    })
    expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions')
    const { LogGroup } = Properties['LoggingConfig'] as { LogGroup: { Ref: string } }
    expect(deployed.resources[LogGroup.Ref]).toMatchObject({
      Type: 'AWS::Logs::LogGroup',
      Properties: { RetentionInDays: 30 },
    })
  })
})

describe('the functions', () => {
  const SIZES: Record<FunctionName, [timeoutSeconds: number, memoryMiB: number]> = {
    authorize: [10, 256],
    connect: [10, 256],
    disconnect: [10, 256],
    message: [10, 256],
    event: [60, 512],
    publish: [29, 512],
    recent: [15, 256],
    inspect: [29, 256],
    disconnectUser: [29, 256],
    health: [5, 256],
  }

  it.each(Object.entries(SIZES))('%s has its timeout and memory', (name, [Timeout, MemorySize]) => {
    const id = idOf(deployed.stack, deployed.fanout.functions[name as FunctionName])
    expect(deployed.resources[id]!.Properties).toMatchObject({ Timeout, MemorySize })
  })

  it('are the ten, and no helper of CDK beside them', () => {
    expect(ofType(deployed.resources, 'AWS::Lambda::Function')).toHaveLength(10)
    expect(Object.keys(deployed.fanout.functions)).toEqual(Object.keys(SIZES))
  })

  it('find no secret value in their variables', () => {
    const all = FUNCTION_NAMES.map((name) => JSON.stringify(variablesOf(deployed, name))).join()
    expect(all).not.toMatch(/resolve:secretsmanager|SecretString/)
  })

  it('get the memory and the log level that are asked for; with debug, Lambda’s own lines come as well', () => {
    const { Properties } = asked.resources[idOf(asked.stack, asked.fanout.functions.recent)]!
    expect(Properties).toMatchObject({ MemorySize: 1024, LoggingConfig: { SystemLogLevel: 'INFO' } })
    for (const name of FUNCTION_NAMES) expect(variablesOf(asked, name)).toMatchObject({ LOG_LEVEL: 'debug' })
  })

  it('get cap, origins and what receipts tell as asked for', () => {
    for (const name of ['event', 'publish'] as const) {
      expect(variablesOf(asked, name)).toMatchObject({ RECEIPT_DETAIL: 'counts' })
    }
    expect(variablesOf(asked, 'connect')).toMatchObject({ MAX_CONNECTIONS_PER_USER: '3' })
    expect(variablesOf(asked, 'authorize')).toMatchObject({
      ALLOWED_ORIGINS: 'https://a.example,https://b.example',
    })
    expect(variablesOf(asked, 'publish')).not.toHaveProperty('ALLOWED_ORIGINS')
  })
})

describe('no policy', () => {
  it('of the whole template allows every action or every resource', () => {
    for (const [id, { Type }] of Object.entries(deployed.resources)) {
      if (Type !== 'AWS::IAM::Role') continue
      for (const right of rightsOf(deployed.resources, id, labels)) {
        expect(right).not.toMatch(/:\* on | on \*$/)
      }
    }
  })

  it('has a wildcard but for the connections of the one stage', () => {
    const policies = ofType(deployed.resources, 'AWS::IAM::Policy')
    expect(policies).toHaveLength(10)
    const wild = policies.flatMap(([, { Properties }]) => {
      const role = (Properties['Roles'] as [{ Ref: string }])[0].Ref
      return rightsOf(deployed.resources, role, labels).filter((right) => right.includes('*'))
    })
    expect([...new Set(wild)].sort()).toEqual([...SOCKETS, socketsBy('GET')].sort())
  })
})

describe('token keys', () => {
  const TOKEN_FUNCTIONS = ['authorize', 'publish', 'recent', 'inspect', 'disconnectUser'] as const

  it('are a generated secret of 64 letters and digits, by default', () => {
    deployed.template.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
    })
    expect(flat(deployed.stack.resolve(deployed.fanout.secret!.secretArn), labels)).toBe('<secret>')
  })

  it('can be an issuer’s, and then there is no secret and no right to one', () => {
    const jwt = { jwksUrl: 'https://id.example/jwks.json', issuer: 'https://id.example', audience: 'app' }
    const asked = synthesize({ jwt })
    expect(asked.fanout.secret).toBeUndefined()
    asked.template.resourceCountIs('AWS::SecretsManager::Secret', 0)
    for (const name of TOKEN_FUNCTIONS) {
      const variables = variablesOf(asked, name)
      expect(variables).toMatchObject({
        JWT_JWKS_URL: jwt.jwksUrl,
        JWT_ISSUER: 'https://id.example',
        JWT_AUDIENCE: 'app',
      })
      expect(variables).not.toHaveProperty('JWT_SECRET_ARN')
    }
    expect(JSON.stringify(asked.template.toJSON())).not.toContain('secretsmanager:')
    for (const name of ['connect', 'message', 'event', 'health'] as const) {
      expect(Object.keys(variablesOf(asked, name)).join()).not.toContain('JWT')
    }
  })

  it('can be a secret of the user’s, with the right to decrypt it if it has a key of its own', () => {
    const asked = synthesize((stack) => {
      const encryptionKey = Key.fromKeyArn(stack, 'Key', KEY_ARN)
      return { jwt: { secret: Secret.fromSecretAttributes(stack, 'Own', { ...OWN, encryptionKey }) } }
    })
    asked.template.resourceCountIs('AWS::SecretsManager::Secret', 0)
    const rights = rightsOf(asked.resources, roleOf(asked, 'authorize'), labelsOf(asked))
    expect(rights).toContain(`secretsmanager:GetSecretValue on ${OWN.secretCompleteArn}`)
    expect(rights).toContain(`kms:Decrypt on ${KEY_ARN}`)
    asked.template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'kms:Decrypt',
            Condition: { StringEquals: { 'kms:ViaService': Match.anyValue() } },
          }),
        ]),
      },
    })
    expect(variablesOf(asked, 'authorize')).toMatchObject({ JWT_SECRET_ARN: OWN.secretCompleteArn })
  })

  it('can be a secret known by name, whose ARN ends in six characters that nobody knows', () => {
    const asked = synthesize((stack) => ({ jwt: { secret: Secret.fromSecretNameV2(stack, 'Own', 'keys') } }))
    const rights = rightsOf(asked.resources, roleOf(asked, 'recent'), labelsOf(asked))
    expect(rights.filter((right) => right.startsWith('secretsmanager:'))).toEqual([
      'secretsmanager:GetSecretValue on ' +
        'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:keys-??????',
    ])
  })
})
