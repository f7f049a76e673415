/**
 * What SQS takes: a FIFO queue's ids, and texts of the characters that XML 1.0 knows. By its API reference (SendMessage) it
 * rejects a message with others or, as newer editions have it, replaces them without a word.
 */
import { digestOf } from '../core/ids.ts'

/** Letters, digits and punctuation of ASCII, 1 to 128 of them. */
const QUEUE_ID = /^[!-~]{1,128}$/

/** A message group's name: the id itself where SQS takes it, else its digest. */
export function groupOf(id: string): string {
  return QUEUE_ID.test(id) ? id : digestOf(id)
}

const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu

/**
 * The same JSON in characters that SQS takes: what it does not, two noncharacters and lone surrogates, can stand in JSON
 * within strings alone, and there an escape means the same.
 */
export function jsonForQueue(text: string): string {
  return text.replace(NOT_XML, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A text for people: what SQS does not take is replaced, and what is longer than `most` is cut. */
export function plainForQueue(text: string, most: number): string {
  return text.slice(0, most).replace(NOT_XML, '\ufffd')
}
