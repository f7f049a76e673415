import { expect, it } from 'vitest'
import { localAddresses } from '../../../src/template-runner/template/addresses.ts'
import { localize } from '../../../src/template-runner/template/localize.ts'
import { Stack } from '../../../src/template-runner/template/stack.ts'
import { parseTemplate } from '../../../src/template-runner/template/template.ts'

const api = (protocol: string) => ({ Type: 'AWS::ApiGatewayV2::Api', Properties: { ProtocolType: protocol } })
const domain = (name: string) => ({ Type: 'AWS::ApiGatewayV2::DomainName', Properties: { DomainName: name } })
const mapping = (of: string, name: string, stage: string, key?: string) => ({
  Type: 'AWS::ApiGatewayV2::ApiMapping',
  Properties: {
    ApiId: { Ref: of },
    DomainName: { Ref: name },
    Stage: stage,
    ...(key && { ApiMappingKey: key }),
  },
})

const stack = new Stack({
  stackName: 'Test',
  region: undefined,
  account: undefined,
  assetFolder: () => '',
  template: parseTemplate({
    Resources: {
      Ws: api('WEBSOCKET'),
      Http: api('HTTP'),
      Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } },
      LiveDomain: domain('live.example.com'),
      EventsDomain: domain('events.example.com'),
      LiveMapping: mapping('Ws', 'LiveDomain', 'v1'),
      KeyedMapping: mapping('Ws', 'LiveDomain', 'v2', 'next'),
      EventsMapping: mapping('Http', 'EventsDomain', '$default'),
    },
  }),
})
const addresses = localAddresses(stack, {
  queueUrl: (name) => `http://queues/${name}`,
  connections: 'http://connections',
  http: 'http://api',
  ws: 'ws://sockets',
})
const host = (id: string): string => `${stack.ref(id)}.execute-api.us-east-1.amazonaws.com`

it.each<[string, string]>([
  [stack.ref('Queue'), 'http://queues/work'],
  [`https://${host('Ws')}/v1`, 'http://connections/v1'],
  [`wss://${host('Ws')}/v1`, 'ws://sockets/v1'],
  [`https://${host('Http')}`, 'http://api'],
  [`https://${host('Http')}/health`, 'http://api/health'],
  // On a custom domain the stage is in no URL, so it has to be put in.
  ['https://live.example.com', 'http://connections/v1'],
  ['wss://live.example.com', 'ws://sockets/v1'],
  ['https://live.example.com/next', 'http://connections/v2'],
  ['https://events.example.com/health', 'http://api/health'],
  ['https://live.example.com.evil', 'https://live.example.com.evil'],
  [`${stack.ref('Queue')}2`, `${stack.ref('Queue')}2`],
  ['https://issuer.example/jwks.json', 'https://issuer.example/jwks.json'],
  [stack.arn('Queue'), 'arn:aws:sqs:us-east-1:000000000000:work'],
])('%s is %s here', (aws, local) => {
  expect(localize(aws, addresses)).toBe(local)
})
