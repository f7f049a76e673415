import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandOutput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { LIMITS } from '../core/limits.ts'
import type { Clock, DeviceLedger, DeviceState } from '../core/ports.ts'
import { DEVICE_PREFIX, type DeviceItem, keyOfDevice, stateOf } from './device-item.ts'

export interface DynamoDeviceLedgerOptions {
  readonly client: DynamoDBDocumentClient
  /** The connections' table: partition key `pk`, sort key `sk` (both strings), TTL attribute `ttl`. */
  readonly table: string
  readonly clock: Clock
  readonly retentionMs: number
}

/** What a device said: attributes to set, and which of them must not be overtaken by what the row has already. */
interface Word {
  readonly attributes: Omit<DeviceItem, 'seen'>
  /** The attribute that decides, and whether the same value once more is news. */
  readonly decides: 'acknowledged' | 'reportOffset'
  readonly repeats: boolean
}

/**
 * Somebody else's write makes one of ours fail its condition, and then the row decides: it says as much, or what it lacks
 * is written under another condition. Only a row that expires or is deleted in between takes more rounds.
 */
const ROUNDS = 5

/**
 * `DeviceLedger` on DynamoDB: an item for each device, so that what one says costs the same however many there are. A
 * client that invents names makes items that nobody reads, and their TTL takes them away.
 */
export class DynamoDeviceLedger implements DeviceLedger {
  readonly #client: DynamoDBDocumentClient
  readonly #table: string
  readonly #clock: Clock
  readonly #retentionMs: number

  constructor({ client, table, clock, retentionMs }: DynamoDeviceLedgerOptions) {
    this.#client = client
    this.#table = table
    this.#clock = clock
    this.#retentionMs = retentionMs
  }

  async acknowledge(userId: string, device: string, offset: number): Promise<void> {
    const attributes = { acknowledged: offset, acknowledgedAt: this.#clock.now() }
    await this.#say(userId, device, { attributes, decides: 'acknowledged', repeats: false })
  }

  async report(userId: string, device: string, offset: number, error: string): Promise<void> {
    // A cut may leave half a character, which DynamoDB does not take.
    const reportError = error.slice(0, LIMITS.reportLength).toWellFormed()
    const attributes = { reportOffset: offset, reportError, reportAt: this.#clock.now() }
    await this.#say(userId, device, { attributes, decides: 'reportOffset', repeats: true })
  }

  async ofUser(userId: string): Promise<readonly DeviceState[]> {
    const states: DeviceState[] = []
    let start: QueryCommandOutput['LastEvaluatedKey']
    do {
      const page: QueryCommandOutput = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :user AND begins_with(sk, :device)',
          ExpressionAttributeValues: { ':user': userId, ':device': DEVICE_PREFIX },
          ...(start && { ExclusiveStartKey: start }),
        }),
      )
      const live = (page.Items ?? []).filter((item) => this.#isLive(item as DeviceItem))
      states.push(...live.map((item) => stateOf(item['sk'] as string, item as DeviceItem)))
      start = page.LastEvaluatedKey
    } while (start !== undefined)
    return states
  }

  /**
   * Reads first: most of what devices say is not new, and half a read unit is a tenth of a write unit. An eventually
   * consistent read may miss the newest; then the write's condition fails, and the row is read again.
   */
  async #say(userId: string, device: string, word: Word): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      const item = await this.#read(userId, device, round > 0)
      if (item !== undefined && !isNews(item, word)) return
      const written = await (item === undefined
        ? this.#startAnew(userId, device, word)
        : this.#update(userId, device, word))
      if (written) return
    }
    throw new Error(`the row of device ${device} of user ${userId} changed under each of ${ROUNDS} writes`)
  }

  async #read(userId: string, device: string, ConsistentRead: boolean): Promise<DeviceItem | undefined> {
    const Key = keyOfDevice(userId, device)
    const { Item } = await this.#client.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead }))
    const item = Item as DeviceItem | undefined
    return item !== undefined && this.#isLive(item) ? item : undefined
  }

  /** In place of no row, or of one that has expired and that DynamoDB has yet to delete. */
  async #startAnew(userId: string, device: string, word: Word): Promise<boolean> {
    const command = new PutCommand({
      TableName: this.#table,
      Item: { ...keyOfDevice(userId, device), ...word.attributes, ...this.#stamp() },
      ConditionExpression: 'attribute_not_exists(pk) OR seen < :since',
      ExpressionAttributeValues: { ':since': this.#keptSince() },
    })
    return held(this.#client.send(command))
  }

  async #update(userId: string, device: string, { attributes, decides, repeats }: Word): Promise<boolean> {
    const set = Object.entries({ ...attributes, ...this.#stamp() })
    const command = new UpdateCommand({
      TableName: this.#table,
      Key: keyOfDevice(userId, device),
      UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: `#seen >= :since AND (attribute_not_exists(#${decides}) OR #${decides} ${repeats ? '<=' : '<'} :${decides})`,
      ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
        ':since': this.#keptSince(),
      },
    })
    return held(this.#client.send(command))
  }

  #stamp(): { seen: number; ttl: number } {
    const seen = this.#clock.now()
    return { seen, ttl: Math.ceil((seen + this.#retentionMs) / 1000) }
  }

  #isLive({ seen }: DeviceItem): boolean {
    return seen >= this.#keptSince()
  }

  #keptSince(): number {
    return this.#clock.now() - this.#retentionMs
  }
}

function isNews(item: DeviceItem, { attributes, decides, repeats }: Word): boolean {
  const [old, said] = [item[decides], attributes[decides]]
  if (old === undefined || said === undefined) return true
  return said > old || (repeats && said === old)
}

/** Whether the write's condition held. */
async function held(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false
    throw error
  }
}
