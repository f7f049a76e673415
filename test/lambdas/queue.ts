/** Messages as the event source of a queue hands them over, and where those end that can never be published. */
import type { DeadLetter, DeadLetterReason, DeadLetters } from '../../src/core/ports.ts'

interface Letter extends DeadLetter {
  readonly reason: DeadLetterReason
}

export class RecordingDeadLetters implements DeadLetters {
  readonly letters: Letter[] = []
  readonly refused = new Set<string>()

  async put(letter: DeadLetter, reason: DeadLetterReason): Promise<void> {
    if (this.refused.has(letter.text)) throw new Error('the dead-letter queue is down')
    this.letters.push({ ...letter, reason })
  }
}

/** Its id is told by its place. */
export function message(body: string, i: number, group: string | undefined = 'ann', receives = 1) {
  return {
    messageId: `m-${i}`,
    receiptHandle: `r-${i}`,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: '0',
      SenderId: 's',
      ApproximateFirstReceiveTimestamp: '0',
      ...(group !== '' && { MessageGroupId: group, MessageDeduplicationId: `d-${i}`, SequenceNumber: '1' }),
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:events.fifo',
    awsRegion: 'us-east-1',
  }
}
