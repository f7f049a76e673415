import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  type QueryCommandOutput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { LIMITS } from '../core/limits.ts'
import type { AcknowledgedBy, Acknowledgement, Clock, DeviceLedger, DeviceState } from '../core/ports.ts'
import { held } from './condition.ts'
import {
  acknowledgedIn,
  DEVICE_PREFIX,
  type DeviceItem,
  devicesIn,
  type Key,
  keyOfDevice,
  keyOfReports,
  type ReportsItem,
  NOTHING_ACKNOWLEDGED,
  withAcknowledgement,
  withReport,
} from './device-item.ts'
import { backoff, pause } from './log/backoff.ts'

export interface DynamoDeviceLedgerOptions {
  readonly client: DynamoDBDocumentClient
  /** The connections' table: partition key `pk`, sort key `sk` (both strings), TTL attribute `ttl`. */
  readonly table: string
  readonly clock: Clock
  readonly retentionMs: number
}

/**
 * Somebody else's write makes one of ours fail its condition, and then the item decides: it says as much, or what it lacks
 * is written under another condition. Only an item that expires or is deleted in between takes more rounds.
 */
const ROUNDS = 5

/** Reports of one device that come at the same time win one by one. */
const REPORT_ROUNDS = 20

/**
 * Of a megabyte each: the most that is read of one user's devices. That is some thousands of names, and people have a
 * few; of a client that invents more, those that come later by their names are not told of, and reports come last.
 */
const PAGES = 4

/** An item that an older version wrote for a report has no offset, which no comparison holds for. */
const MOVES_UP = '(attribute_not_exists(#acknowledged) OR #acknowledged < :acknowledged)'

type Attributes = Readonly<Record<string, string | number>>

/** How a device came to an offset, which may depend on whether anything was known of it. */
type How = (isKnown: boolean) => Pick<Acknowledgement, 'isPoll' | 'isStart'>

/**
 * `DeviceLedger` on DynamoDB: items for each device, so that what one says costs the same however many there are. How many
 * a client invents is not counted, which would take a write each: their TTL takes them away, and a reader stops after
 * `PAGES`.
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

  async begins(userId: string, device: string, offset: number): Promise<void> {
    await this.#moveUp(userId, device, offset, () => ({ isStart: true }))
  }

  async acknowledge(
    userId: string,
    device: string,
    offset: number,
    by: AcknowledgedBy = 'socket',
  ): Promise<void> {
    await this.#moveUp(userId, device, offset, (isKnown) => {
      if (by !== 'poll') return {}
      return isKnown ? { isPoll: true } : { isPoll: true, isStart: true }
    })
  }

  /** What a rival writes at the same time says that the device is there as well. */
  async seen(userId: string, device: string, after: number): Promise<void> {
    const key = keyOfDevice(userId, device)
    const item = await this.#live<DeviceItem>(key, false)
    const start = { offset: after, at: this.#clock.now(), isStart: true } as const
    const beginning = after === 0 ? NOTHING_ACKNOWLEDGED : withAcknowledgement(undefined, start)
    if (item === undefined) await this.#startAnew(key, beginning)
    else if (this.#isStale(item)) await this.#update(key, {})
  }

  async report(userId: string, device: string, offset: number, error: string): Promise<void> {
    const key = keyOfReports(userId, device)
    // A cut may leave half a character, which DynamoDB does not take.
    const text = error.slice(0, LIMITS.reportLength).toWellFormed()
    for (let round = 0; round < REPORT_ROUNDS; round++) {
      if (round > 0) await pause(backoff(round - 1))
      const item = await this.#get<ReportsItem>(key, round > 0)
      const known = item !== undefined && this.#isLive(item) ? item : undefined
      const reports = withReport(known, { offset, error: text, at: this.#clock.now() })
      if (await this.#putReports(key, reports, item)) return this.#keepAlive(userId, device)
    }
    throw new Error(
      `the reports of device ${device} of user ${userId} changed under each of ${REPORT_ROUNDS} writes`,
    )
  }

  async ofUser(userId: string): Promise<readonly DeviceState[]> {
    const items: Record<string, unknown>[] = []
    let start: QueryCommandOutput['LastEvaluatedKey']
    for (let pages = 0; pages < PAGES; pages++) {
      const page: QueryCommandOutput = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :user AND begins_with(sk, :device)',
          ExpressionAttributeValues: { ':user': userId, ':device': DEVICE_PREFIX },
          ...(start && { ExclusiveStartKey: start }),
        }),
      )
      items.push(...(page.Items ?? []))
      start = page.LastEvaluatedKey
      if (start === undefined) break
    }
    return devicesIn(items, this.#keptSince())
  }

  /**
   * Reads first: most of what devices say is not new, and half a read unit is a tenth of a write unit. An eventually
   * consistent read may miss the newest; then the write's condition fails, and the item is read again.
   */
  async #moveUp(userId: string, device: string, offset: number, how: How): Promise<void> {
    const key = keyOfDevice(userId, device)
    for (let round = 0; round < ROUNDS; round++) {
      const item = await this.#live<DeviceItem>(key, round > 0)
      if (item !== undefined && offset <= acknowledgedIn(item) && !this.#isStale(item)) return
      if (await this.#move(key, item, offset, how)) return
    }
    throw new Error(`the row of device ${device} of user ${userId} changed under each of ${ROUNDS} writes`)
  }

  /** Tells whether the item was as it was read. */
  async #move(key: Key, item: DeviceItem | undefined, offset: number, how: How): Promise<boolean> {
    if (item !== undefined && offset <= acknowledgedIn(item)) return this.#update(key, {})
    const told = { offset, at: this.#clock.now(), ...how(item !== undefined) }
    const attributes = withAcknowledgement(item, told)
    if (item !== undefined) return this.#update(key, attributes, ` AND ${MOVES_UP}`)
    return this.#startAnew(key, attributes)
  }

  /** In place of no item, or of one that has expired and that DynamoDB has yet to delete. */
  async #startAnew(key: Key, attributes: Attributes): Promise<boolean> {
    const command = new PutCommand({
      TableName: this.#table,
      Item: { ...key, ...attributes, ...this.#stamp() },
      ConditionExpression: 'attribute_not_exists(pk) OR seen < :since',
      ExpressionAttributeValues: { ':since': this.#keptSince() },
    })
    return held(this.#client.send(command))
  }

  async #update(key: Key, attributes: Attributes, and = ''): Promise<boolean> {
    const set = Object.entries({ ...attributes, ...this.#stamp() })
    const command = new UpdateCommand({
      TableName: this.#table,
      Key: key,
      UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: `#seen >= :since${and}`,
      ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
        ':since': this.#keptSince(),
      },
    })
    return held(this.#client.send(command))
  }

  async #putReports(key: Key, reports: string, before: ReportsItem | undefined): Promise<boolean> {
    const isStill =
      before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : {
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: { ':version': before.version },
          }
    const Item = { ...key, reports, version: (before?.version ?? 0) + 1, ...this.#stamp() }
    return held(this.#client.send(new PutCommand({ TableName: this.#table, Item, ...isStill })))
  }

  /** A device that only reports must not lose what it has acknowledged. */
  async #keepAlive(userId: string, device: string): Promise<void> {
    const key = keyOfDevice(userId, device)
    const item = await this.#live<DeviceItem>(key, false)
    if (item !== undefined && this.#isStale(item)) await this.#update(key, {})
  }

  async #get<I>(Key: Key, ConsistentRead: boolean): Promise<I | undefined> {
    const { Item } = await this.#client.send(new GetCommand({ TableName: this.#table, Key, ConsistentRead }))
    return Item as I | undefined
  }

  async #live<I extends { readonly seen: number }>(key: Key, consistent: boolean): Promise<I | undefined> {
    const item = await this.#get<I>(key, consistent)
    return item !== undefined && this.#isLive(item) ? item : undefined
  }

  #stamp(): { seen: number; ttl: number } {
    const seen = this.#clock.now()
    return { seen, ttl: Math.ceil((seen + this.#retentionMs) / 1000) }
  }

  /** Whether it is time to write again when the device was seen, though it says nothing new. */
  #isStale({ seen }: { readonly seen: number }): boolean {
    return this.#clock.now() - seen >= LIMITS.seenAccuracy
  }

  #isLive({ seen }: { readonly seen: number }): boolean {
    return seen >= this.#keptSince()
  }

  #keptSince(): number {
    return this.#clock.now() - this.#retentionMs
  }
}
