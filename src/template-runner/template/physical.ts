import { createHash } from 'node:crypto'

/** What is known of a resource when its names are asked for. */
export interface Facts {
  readonly id: string
  readonly stackName: string
  readonly region: string
  readonly account: string
  readonly partition: string
  readonly urlSuffix: string
  /** A property, resolved. */
  text(name: string): string | undefined
}

interface Names {
  ref(facts: Facts): string
  readonly attributes?: Readonly<Record<string, (facts: Facts) => string>>
}

/** What `Ref` and `Fn::GetAtt` give, by resource type. Source: CloudFormation's resource reference, "Return values". */
const namesByType: Readonly<Record<string, Names>> = {
  'AWS::ApiGatewayV2::Api': {
    ref: apiId,
    attributes: {
      ApiId: apiId,
      ApiEndpoint: (facts) =>
        `${facts.text('ProtocolType') === 'WEBSOCKET' ? 'wss' : 'https'}://${apiId(facts)}.execute-api.${facts.region}.${facts.urlSuffix}`,
    },
  },
  'AWS::ApiGatewayV2::ApiMapping': generatedId(6),
  'AWS::ApiGatewayV2::Authorizer': generatedId(6, 'AuthorizerId'),
  'AWS::ApiGatewayV2::Deployment': generatedId(6, 'DeploymentId'),
  'AWS::ApiGatewayV2::DomainName': {
    ref: (facts) => facts.text('DomainName') ?? '',
    attributes: {
      RegionalDomainName: (facts) => `d-${short(facts, 10)}.execute-api.${facts.region}.${facts.urlSuffix}`,
      RegionalHostedZoneId: (facts) => `Z${short(facts, 12).toUpperCase()}`,
    },
  },
  'AWS::ApiGatewayV2::Integration': generatedId(7, 'IntegrationId'),
  'AWS::ApiGatewayV2::IntegrationResponse': generatedId(6),
  'AWS::ApiGatewayV2::Route': generatedId(7, 'RouteId'),
  'AWS::ApiGatewayV2::RouteResponse': generatedId(6),
  'AWS::ApiGatewayV2::Stage': { ref: (facts) => facts.text('StageName') ?? '' },
  'AWS::CertificateManager::Certificate': {
    ref: (facts) => arn(facts, 'acm', `certificate/${short(facts, 12)}`),
  },
  'AWS::CloudWatch::Alarm': named('AlarmName', 255, (facts, name) =>
    arn(facts, 'cloudwatch', `alarm:${name}`),
  ),
  'AWS::CloudWatch::CompositeAlarm': named('AlarmName', 255, (facts, name) =>
    arn(facts, 'cloudwatch', `alarm:${name}`),
  ),
  'AWS::CloudWatch::Dashboard': named('DashboardName', 255),
  'AWS::DynamoDB::GlobalTable': named('TableName', 255, (facts, name) =>
    arn(facts, 'dynamodb', `table/${name}`),
  ),
  'AWS::DynamoDB::Table': named('TableName', 255, (facts, name) => arn(facts, 'dynamodb', `table/${name}`)),
  'AWS::Events::EventBus': named('Name', 256, (facts, name) => arn(facts, 'events', `event-bus/${name}`)),
  'AWS::Events::Rule': {
    ref: (facts) => chosenOrGenerated(facts, 'Name', 64),
    attributes: {
      Arn: (facts) => {
        const bus = facts.text('EventBusName')?.replace(/^.*event-bus\//, '') ?? 'default'
        const name = chosenOrGenerated(facts, 'Name', 64)
        return arn(facts, 'events', bus === 'default' ? `rule/${name}` : `rule/${bus}/${name}`)
      },
    },
  },
  'AWS::IAM::ManagedPolicy': {
    ref: (facts) =>
      `arn:${facts.partition}:iam::${facts.account}:policy/${chosenOrGenerated(facts, 'ManagedPolicyName', 128)}`,
  },
  'AWS::IAM::Policy': named('PolicyName', 128),
  'AWS::IAM::Role': {
    ref: (facts) => chosenOrGenerated(facts, 'RoleName', 64),
    attributes: {
      Arn: (facts) =>
        `arn:${facts.partition}:iam::${facts.account}:role/${chosenOrGenerated(facts, 'RoleName', 64)}`,
      RoleId: (facts) => `AROA${short(facts, 16).toUpperCase()}`,
    },
  },
  'AWS::KMS::Alias': { ref: (facts) => facts.text('AliasName') ?? '' },
  'AWS::KMS::Key': {
    ref: (facts) => short(facts, 32),
    attributes: {
      Arn: (facts) => arn(facts, 'kms', `key/${short(facts, 32)}`),
      KeyId: (facts) => short(facts, 32),
    },
  },
  'AWS::Lambda::EventInvokeConfig': generatedId(36),
  'AWS::Lambda::EventSourceMapping': generatedId(36, 'Id'),
  'AWS::Lambda::Function': named('FunctionName', 64, (facts, name) =>
    arn(facts, 'lambda', `function:${name}`),
  ),
  'AWS::Lambda::Permission': generatedId(36),
  'AWS::Logs::LogGroup': named('LogGroupName', 512, (facts, name) =>
    arn(facts, 'logs', `log-group:${name}:*`),
  ),
  'AWS::SNS::Topic': {
    ref: (facts) => arn(facts, 'sns', chosenOrGenerated(facts, 'TopicName', 256)),
    attributes: {
      TopicArn: (facts) => arn(facts, 'sns', chosenOrGenerated(facts, 'TopicName', 256)),
      TopicName: (facts) => chosenOrGenerated(facts, 'TopicName', 256),
    },
  },
  'AWS::SQS::Queue': {
    ref: (facts) => `https://sqs.${facts.region}.${facts.urlSuffix}/${facts.account}/${queueName(facts)}`,
    attributes: {
      Arn: (facts) => arn(facts, 'sqs', queueName(facts)),
      QueueName: queueName,
      QueueUrl: (facts) =>
        `https://sqs.${facts.region}.${facts.urlSuffix}/${facts.account}/${queueName(facts)}`,
    },
  },
  'AWS::SecretsManager::Secret': { ref: secretArn, attributes: { Id: secretArn } },
}

export function namesOf(type: string): Names | undefined {
  return Object.hasOwn(namesByType, type) ? namesByType[type] : undefined
}

function named(property: string, limit: number, arnOf?: (facts: Facts, name: string) => string): Names {
  const ref = (facts: Facts): string => chosenOrGenerated(facts, property, limit)
  return { ref, ...(arnOf && { attributes: { Arn: (facts) => arnOf(facts, ref(facts)) } }) }
}

function generatedId(length: number, attribute?: string): Names {
  const ref = (facts: Facts): string => short(facts, length)
  return { ref, ...(attribute !== undefined && { attributes: { [attribute]: ref } }) }
}

function apiId(facts: Facts): string {
  return short(facts, 10)
}

function queueName(facts: Facts): string {
  const isFifo = facts.text('FifoQueue') === 'true'
  const chosen = facts.text('QueueName')
  if (chosen !== undefined) return chosen
  return isFifo ? `${generated(facts, 75)}.fifo` : generated(facts, 80)
}

/** Secrets Manager adds six random characters to a secret's name. */
function secretArn(facts: Facts): string {
  const name = chosenOrGenerated(facts, 'Name', 512)
  return arn(facts, 'secretsmanager', `secret:${name}-${short(facts, 6)}`)
}

function arn(facts: Facts, service: string, resource: string): string {
  return `arn:${facts.partition}:${service}:${facts.region}:${facts.account}:${resource}`
}

function chosenOrGenerated(facts: Facts, property: string, limit: number): string {
  return facts.text(property) ?? generated(facts, limit)
}

/** `stack-LogicalId-XXXXXXXXXXXX`; the same at every start, so that what was written down about one run fits the next. */
function generated(facts: Facts, limit: number): string {
  const tail = `-${short(facts, 12).toUpperCase()}`
  const head = `${facts.stackName}-${facts.id}`.slice(0, limit - tail.length)
  return head + tail
}

function short({ stackName, id }: Facts, length: number): string {
  const digest = createHash('sha256').update(`${stackName}/${id}`).digest('hex')
  return BigInt(`0x${digest}`).toString(36).padStart(50, '0').slice(-length)
}
