import { asList, isObject, type JsonObject } from '../json.ts'

/**
 * Bytes of a DynamoDB item as they are billed: names and values of all attributes.
 * Source: DynamoDB developer guide, "DynamoDB item sizes and formats" (which calls its rule for numbers approximate).
 *
 * @param item in the wire's format: `{ name: { S: 'text' } }`
 */
export function itemBytes(item: JsonObject): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + textBytes(name) + valueBytes(value), 0)
}

const CONTAINER_BYTES = 3
const ELEMENT_BYTES = 1

/** Sets have no overhead in the guide. */
const SIZES: Readonly<Record<string, (value: unknown) => number>> = {
  S: textBytes,
  N: numberBytes,
  B: binaryBytes,
  BOOL: () => 1,
  NULL: () => 1,
  SS: (value) => sum(value, textBytes),
  NS: (value) => sum(value, numberBytes),
  BS: (value) => sum(value, binaryBytes),
  L: (value) => CONTAINER_BYTES + sum(value, (element) => ELEMENT_BYTES + valueBytes(element)),
  M: (value) =>
    isObject(value) ? CONTAINER_BYTES + ELEMENT_BYTES * Object.keys(value).length + itemBytes(value) : 0,
}

function valueBytes(attribute: unknown): number {
  const [[type, value] = ['', undefined]] = isObject(attribute) ? Object.entries(attribute) : []
  const size = SIZES[type]
  if (size) return size(value)
  throw new Error(
    `${JSON.stringify(attribute)} is no DynamoDB attribute value: it must have one of ${Object.keys(SIZES).join(', ')}`,
  )
}

function sum(values: unknown, size: (value: unknown) => number): number {
  return asList(values).reduce<number>((total, value) => total + size(value), 0)
}

function textBytes(text: unknown): number {
  return Buffer.byteLength(String(text))
}

function binaryBytes(base64: unknown): number {
  return Buffer.from(String(base64), 'base64').length
}

/** One byte for two significant digits and one more; leading and trailing zeros do not count. */
function numberBytes(value: unknown): number {
  const [mantissa = ''] = String(value).toLowerCase().split('e')
  const digits = mantissa
    .replaceAll(/[^0-9]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '')
  return Math.ceil(digits.length / 2) + 1
}
