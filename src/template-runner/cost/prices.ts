/** One line of a price list: `dollars` for `per` units. */
export interface Price {
  readonly dollars: number
  readonly per: number
  readonly unit: string
  readonly service: string
  /** What the price list adds, and nothing here subtracts. */
  readonly note?: string
}

/** Where and when the prices hold, and where they are published. */
export const PRICE_LIST = {
  region: 'us-east-1',
  date: '2026-11',
  currency: 'USD',
  sources: [
    'aws.amazon.com/dynamodb/pricing/on-demand',
    'aws.amazon.com/sqs/pricing',
    'aws.amazon.com/api-gateway/pricing',
    'aws.amazon.com/lambda/pricing',
    'aws.amazon.com/secrets-manager/pricing',
    'aws.amazon.com/cloudwatch/pricing',
    'aws.amazon.com/appsync/pricing',
    'ably.com/pricing',
  ],
} as const

/** First tier, before taxes, without free tiers. */
export const PRICES = {
  writeUnit: { dollars: 0.625, per: 1e6, unit: 'write units of 1 KB', service: 'DynamoDB' },
  readUnit: { dollars: 0.125, per: 1e6, unit: 'read units of 4 KB', service: 'DynamoDB' },
  storage: {
    dollars: 0.25,
    per: 1,
    unit: 'GB-months of data',
    service: 'DynamoDB',
    note: 'the first 25 GB are free',
  },
  pointInTimeRecovery: {
    dollars: 0.2,
    per: 1,
    unit: 'GB-months of point-in-time recovery',
    service: 'DynamoDB',
  },
  queueRequest: { dollars: 0.5, per: 1e6, unit: 'requests of 64 KB', service: 'SQS FIFO' },
  webSocketMessage: { dollars: 1, per: 1e6, unit: 'messages of 32 KB', service: 'API Gateway' },
  connectionMinute: { dollars: 0.25, per: 1e6, unit: 'connection minutes', service: 'API Gateway' },
  httpRequest: { dollars: 1, per: 1e6, unit: 'requests of 512 KB', service: 'API Gateway' },
  functionRequest: { dollars: 0.2, per: 1e6, unit: 'requests', service: 'Lambda' },
  functionTime: { dollars: 0.0000133334, per: 1, unit: 'GB-seconds on arm64', service: 'Lambda' },
  secretCall: { dollars: 0.05, per: 1e4, unit: 'calls', service: 'Secrets Manager' },
  secret: { dollars: 0.4, per: 1, unit: 'secret-months', service: 'Secrets Manager' },
  logIngestion: { dollars: 0.5, per: 1, unit: 'GB', service: 'CloudWatch Logs' },
  appSyncOperation: { dollars: 1, per: 1e6, unit: 'operations', service: 'AppSync Events' },
  appSyncMinute: { dollars: 0.08, per: 1e6, unit: 'connection minutes', service: 'AppSync Events' },
  ablyMessage: { dollars: 2.5, per: 1e6, unit: 'messages', service: 'Ably' },
  ablyMinute: { dollars: 1, per: 1e6, unit: 'connection minutes', service: 'Ably' },
} as const satisfies Record<string, Price>

export type PriceName = keyof typeof PRICES

/** How many units of each price something takes. */
export type BillableUnits = Readonly<Partial<Record<PriceName, number>>>

export function dollarsOf(units: BillableUnits): number {
  return entriesOf(units).reduce((sum, [name, count]) => sum + dollarsFor(name, count), 0)
}

export function dollarsFor(name: PriceName, units: number): number {
  return (units * PRICES[name].dollars) / PRICES[name].per
}

export function entriesOf(units: BillableUnits): [PriceName, number][] {
  return Object.entries(units) as [PriceName, number][]
}

export function timesUnits(units: BillableUnits, factor: number): BillableUnits {
  return Object.fromEntries(entriesOf(units).map(([name, count]) => [name, count * factor]))
}

export function addUnits(...all: readonly BillableUnits[]): BillableUnits {
  const sum: Partial<Record<PriceName, number>> = {}
  for (const [name, count] of all.flatMap(entriesOf)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
