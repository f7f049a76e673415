import type { AwsCall } from '../aws-call.ts'
import { asList, isObject, type JsonObject } from '../json.ts'
import { itemBytes } from './item-size.ts'
import { succeeded } from './message-units.ts'

/** What DynamoDB bills for one call. */
export interface Capacity {
  readonly kind: 'readUnit' | 'writeUnit'
  readonly units: number
  /**
   * True when the item's size was not to be seen (an update without ConsumedCapacity, a projected read): the units are a
   * lower bound then.
   */
  readonly estimated: boolean
}

type Measured = Pick<Capacity, 'units' | 'estimated'>

interface Operation {
  readonly kind: Capacity['kind']
  measure(request: JsonObject, response: JsonObject): Measured
}

const WRITE_BYTES = 1024
const READ_BYTES = 4096
/** Each item of a transaction is prepared and committed. Source: developer guide, "transaction-apis". */
const TRANSACTION = 2

const exact = (units: number): Measured => ({ units, estimated: false })

/** Source: DynamoDB developer guide, "read-write-operations". */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  PutItem: {
    kind: 'writeUnit',
    measure: ({ Item }, { Item: found }) => exact(Math.max(written(Item), written(found))),
  },
  UpdateItem: { kind: 'writeUnit', measure: changed },
  DeleteItem: { kind: 'writeUnit', measure: changed },
  BatchWriteItem: { kind: 'writeUnit', measure: batchWritten },
  TransactWriteItems: { kind: 'writeUnit', measure: transactionWritten },
  GetItem: {
    kind: 'readUnit',
    measure: (request, { Item }) => ({
      units: read([Item]) * consistency(request),
      estimated: isProjected(request),
    }),
  },
  Query: { kind: 'readUnit', measure: readTogether },
  Scan: { kind: 'readUnit', measure: readTogether },
  BatchGetItem: { kind: 'readUnit', measure: batchRead },
  TransactGetItems: { kind: 'readUnit', measure: transactionRead },
}

/** Failures that are billed like successes; others cost nothing. Source: developer guide, "read-write-operations". */
const BILLED_FAILURES = new Set(['ConditionalCheckFailedException', 'TransactionCanceledException'])

/**
 * Read or write units of a call; undefined for operations that are not billed by units, such as DescribeTable.
 *
 * The larger of two figures: what the items seen on the wire come to by DynamoDB's rules, and the engine's own
 * ConsumedCapacity. The engine knows what the wire does not show (the item before an update, what a projection or a
 * filter hid); the rules know what a local engine leaves out (empty queries, failed conditional writes, bytes of text
 * beyond ASCII).
 */
export function capacityOf({
  operation,
  status,
  errorType,
  request,
  response,
}: AwsCall): Capacity | undefined {
  const found = Object.hasOwn(OPERATIONS, operation) ? OPERATIONS[operation] : undefined
  if (!found) return undefined
  const { kind } = found
  if (!succeeded(status) && !BILLED_FAILURES.has(errorType ?? '')) return { kind, ...exact(0) }
  const answer = isObject(response) ? response : {}
  const measured = found.measure(isObject(request) ? request : {}, answer)
  const consumed = consumedByEngine(answer)
  // A projection's or an update's size is hidden from the wire, not from the engine.
  return { kind, units: Math.max(measured.units, consumed), estimated: measured.estimated && consumed === 0 }
}

function consumedByEngine({ ConsumedCapacity }: JsonObject): number {
  return asList(ConsumedCapacity)
    .map((consumed) => (isObject(consumed) ? Number(consumed['CapacityUnits'] ?? 0) : 0))
    .reduce((sum, units) => sum + units, 0)
}

function written(item: unknown): number {
  return isObject(item) ? Math.max(1, Math.ceil(itemBytes(item) / WRITE_BYTES)) : 1
}

/** Units of one request that reads these items together, strongly consistent. */
function read(items: readonly unknown[]): number {
  const bytes = items.filter(isObject).reduce((sum, item) => sum + itemBytes(item), 0)
  return Math.max(1, Math.ceil(bytes / READ_BYTES))
}

function consistency({ ConsistentRead }: JsonObject): number {
  return ConsistentRead === true ? 1 : 0.5
}

function isProjected({ ProjectionExpression, AttributesToGet, Select }: JsonObject): boolean {
  return ProjectionExpression !== undefined || AttributesToGet !== undefined || Select === 'COUNT'
}

/** UpdateItem and DeleteItem: the larger of before and after. Only the engine knows both. */
function changed(
  { Key, Item, ExpressionAttributeValues: values, ReturnValues }: JsonObject,
  { Attributes, Item: found }: JsonObject,
): Measured {
  const atLeast = isObject(values) ? { ...keyOf(Key ?? Item), ...values } : Key
  const units = Math.max(written(atLeast), written(Attributes), written(found))
  const whole = typeof ReturnValues === 'string' && ReturnValues.startsWith('ALL') && isObject(Attributes)
  return { units, estimated: !whole && !isObject(found) }
}

function keyOf(key: unknown): JsonObject {
  return isObject(key) ? key : {}
}

function batchWritten({ RequestItems }: JsonObject, { UnprocessedItems }: JsonObject): Measured {
  const units = requestsIn(RequestItems).reduce((sum, request) => sum + putUnits(request), 0)
  const unprocessed = requestsIn(UnprocessedItems).reduce((sum, request) => sum + putUnits(request), 0)
  const deletes = requestsIn(RequestItems).some(({ DeleteRequest }) => DeleteRequest !== undefined)
  return { units: units - unprocessed, estimated: deletes }
}

function requestsIn(byTable: unknown): JsonObject[] {
  return isObject(byTable) ? Object.values(byTable).flatMap(asList).filter(isObject) : []
}

function putUnits({ PutRequest }: JsonObject): number {
  return written(isObject(PutRequest) ? PutRequest['Item'] : undefined)
}

function transactionWritten({ TransactItems }: JsonObject): Measured {
  const parts = asList(TransactItems).filter(isObject)
  const units = parts.reduce((sum, { Put }) => sum + written(isObject(Put) ? Put['Item'] : undefined), 0)
  return { units: units * TRANSACTION, estimated: parts.some(({ Put }) => Put === undefined) }
}

/** Query and Scan: all items together are rounded up; none at all cost the minimum. */
function readTogether(request: JsonObject, { Items, Count, ScannedCount }: JsonObject): Measured {
  const filtered = ScannedCount !== undefined && ScannedCount !== Count
  return { units: read(asList(Items)) * consistency(request), estimated: filtered || isProjected(request) }
}

/** BatchGetItem: every item by itself is rounded up; a missing one costs the minimum, too. */
function batchRead({ RequestItems }: JsonObject, { Responses, UnprocessedKeys }: JsonObject): Measured {
  const tables = isObject(RequestItems) ? Object.entries(RequestItems) : []
  const perTable = tables.map(([table, request]) => {
    const asked = isObject(request) ? request : {}
    const items = asList(isObject(Responses) ? Responses[table] : undefined)
    const left = isObject(UnprocessedKeys) ? UnprocessedKeys[table] : undefined
    const keys = asList(asked['Keys']).length - asList(isObject(left) ? left['Keys'] : undefined).length
    const units = items.reduce<number>((sum, item) => sum + read([item]), 0) + keys - items.length
    return { units: units * consistency(asked), estimated: isProjected(asked) && items.length > 0 }
  })
  return {
    units: perTable.reduce((sum, { units }) => sum + units, 0),
    estimated: perTable.some(({ estimated }) => estimated),
  }
}

function transactionRead({ TransactItems }: JsonObject, { Responses }: JsonObject): Measured {
  const found = asList(Responses).filter(isObject)
  const missing = asList(TransactItems).length - found.length
  return exact((found.reduce((sum, { Item }) => sum + read([Item]), 0) + missing) * TRANSACTION)
}
