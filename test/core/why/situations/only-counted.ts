import { START, timeAt } from '../story.ts'
import { type Situation, NEVER, APPLIED } from './situation.ts'

export const COUNTED: readonly Situation[] = [
  {
    is: 'deliveries are only counted, and one was dead',
    told: async (story) => {
      await story.open('c-1', 'phone')
      await story.open('c-2', 'tablet')
      story.world.pusher.script.set('c-2', 'gone')
      await story.publish('e-1', { receiptDetail: 'counts' })
      await story.close('c-1')
    },
    reason: 'dead_socket',
    evidence: ['deliveries that are only counted: 1 sent, 1 gone'],
  },
  {
    is: 'deliveries are only counted, and the phone has applied it',
    told: async (story) => {
      await story.open('c-1', 'phone')
      await story.publish('e-1', { receiptDetail: 'counts' })
      story.wait(1000)
      await story.acknowledge('phone', START)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'deliveries are only counted, and the phone, still open, is silent',
    told: async (story) => {
      await story.open('c-1', 'phone')
      await story.publish('e-1', { receiptDetail: 'counts' })
    },
    reason: 'not_acknowledged',
    evidence: [
      `phone: connected since ${timeAt(-60_000)}; its delivery is not among those that the receipt tells of`,
      `phone: ${NEVER}`,
      'deliveries that are only counted: 1 sent',
    ],
  },
  {
    is: 'deliveries are only counted, and a handler failed',
    told: async (story) => {
      await story.open('c-1', 'phone')
      await story.publish('e-1', { receiptDetail: 'counts' })
      await story.report('phone', START)
    },
    reason: 'handler_threw',
    evidence: [`phone: its handler failed, which it reported at ${timeAt(0)}: TypeError: x`],
  },
  {
    is: 'nobody was there to be counted',
    told: async (story) => story.publish('e-1', { receiptDetail: 'counts' }),
    reason: 'never_seen',
    evidence: [
      `it is at offset ${START} of the log of "ann"; no device of this id is connected, was connected when it was published, or ever said its name`,
    ],
  },
]
