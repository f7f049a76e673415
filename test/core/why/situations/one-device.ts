import { LIMITS } from '../../../../src/core/limits.ts'
import { START, timeAt, DAY } from '../story.ts'
import { type Situation, NEVER, APPLIED, pushed, phoneApplies, phonePushed } from './situation.ts'

export const OF_ONE_DEVICE: readonly Situation[] = [
  { is: 'the phone has applied it', told: phoneApplies, reason: 'applied', evidence: [`phone: ${APPLIED}`] },
  {
    is: 'the phone has acknowledged a later one',
    told: async (story) => {
      await story.open('c-1', 'phone')
      for (const id of ['e-1', 'e-2', 'e-3']) await story.publish(id)
      story.wait(5000)
      await story.acknowledge('phone', START + 2)
      story.wait(5000)
      await story.publish('e-4')
      await story.acknowledge('phone', START + 3)
    },
    reason: 'applied',
    evidence: [`phone: applied at the latest at ${timeAt(5000)}: it acknowledged offset ${START + 2}`],
  },
  {
    is: 'its handler failed, and it acknowledged that and later ones',
    told: async (story) => {
      await story.open('c-1', 'phone')
      for (const id of ['e-1', 'e-2']) await story.publish(id)
      story.wait(10)
      await story.report('phone', START)
      await story.acknowledge('phone', START + 1)
    },
    reason: 'handler_threw',
    evidence: [`phone: its handler failed, which it reported at ${timeAt(10)}: TypeError: x`],
  },
  {
    is: 'its handler failed on another one',
    told: async (story) => {
      await phoneApplies(story)
      await story.publish('e-2')
      await story.report('phone', START + 1)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'its handlers failed more often since than is kept',
    told: async (story) => {
      await phoneApplies(story)
      for (let i = 1; i <= LIMITS.reports; i++) {
        await story.publish(`e-${i + 1}`)
        await story.report('phone', START + i)
      }
    },
    reason: 'applied',
    evidence: [
      `phone: ${APPLIED}`,
      'phone: its handlers failed so often since that a failure on this event would no longer be known',
    ],
  },
  {
    is: 'its handlers failed as often as is kept, and all are known',
    told: async (story) => {
      await phoneApplies(story)
      for (let i = 1; i < LIMITS.reports; i++) {
        await story.publish(`e-${i + 1}`)
        await story.report('phone', START + i)
      }
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'its token had ended',
    told: async (story) => {
      await story.open('c-1', 'phone', { expiresAt: START })
      await story.publish()
    },
    reason: 'token_expired',
    evidence: [`phone: ${pushed('not pushed, for its token had ended,', 'c-1')}`, `phone: ${NEVER}`],
  },
  {
    is: 'its socket was dead',
    told: phonePushed('gone'),
    reason: 'dead_socket',
    evidence: [`phone: ${pushed('there was no such connection any more', 'c-1')}`, `phone: ${NEVER}`],
  },
  {
    is: 'it was throttled',
    told: phonePushed('throttled'),
    reason: 'throttled',
    evidence: [`phone: ${pushed('throttled', 'c-1')}`, `phone: ${NEVER}`],
  },
  {
    is: 'the push failed',
    told: phonePushed('failed'),
    reason: 'push_failed',
    evidence: [`phone: ${pushed('the push failed', 'c-1')}`, `phone: ${NEVER}`],
  },
  {
    is: 'it took the event, and has acknowledged the one before',
    told: async (story) => {
      await story.publish('e-0')
      await story.open('c-1', 'phone')
      await story.acknowledge('phone', START)
      await story.publish()
    },
    reason: 'not_acknowledged',
    evidence: [
      `phone: ${pushed('handed to its socket', 'c-1')}`,
      `phone: its last acknowledgement is offset ${START}, the event is at ${START + 1}`,
    ],
  },
  {
    is: 'it came after the event',
    told: async (story) => {
      await story.publish()
      story.wait(500)
      await story.open('c-1', 'phone', { registeredAt: START + 500 })
    },
    reason: 'not_acknowledged',
    evidence: [
      `phone: connected since ${timeAt(500)}, after the event was published: it gets it by its resume`,
      `phone: ${NEVER}`,
    ],
  },
  {
    is: 'it is away',
    told: async (story) => {
      await story.publish('e-0')
      await story.acknowledge('tablet', START)
      story.wait(DAY)
      await story.publish()
    },
    reason: 'no_device_connected',
    evidence: [
      `tablet: not connected; it last told anything about ${timeAt(0)}`,
      `tablet: its last acknowledgement is offset ${START}, the event is at ${START + 1}`,
    ],
  },
  {
    is: 'it was away, polled, and applied it',
    told: async (story) => {
      await story.publish()
      story.wait(1000)
      await story.acknowledge('tablet', START)
    },
    reason: 'applied',
    evidence: [`tablet: ${APPLIED}`],
  },
  {
    is: 'it was opened after the event, and began there: it was never given it, though it acknowledges what comes',
    told: async (story) => {
      await story.publish()
      story.wait(1000)
      await story.world.devices.begins('ann', 'browser', START)
      await story.acknowledge('browser', START)
      await story.acknowledge('browser', START + 3)
    },
    reason: 'started_later',
    evidence: [
      `browser: it began at offset ${START}, at ${timeAt(1000)}, and was not given what came before`,
    ],
  },
  {
    is: 'it had applied it, and began anew since',
    told: async (story) => {
      await story.publish()
      story.wait(1000)
      await story.acknowledge('phone', START)
      await story.world.devices.begins('ann', 'phone', START + 7)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'it polls, and so nobody hears of handlers that fail',
    told: async (story) => {
      await story.world.devices.seen('ann', 'phone', 0)
      await story.publish()
      story.wait(1000)
      await story.world.devices.acknowledge('ann', 'phone', START, 'poll')
    },
    reason: 'applied',
    evidence: [
      `phone: ${APPLIED}`,
      'phone: that was by a poll, which tells nothing of handlers that failed: those are reported over a socket',
    ],
  },
  {
    is: 'no device of this id was ever seen',
    told: async (story) => story.publish(),
    reason: 'never_seen',
    evidence: [
      `it is at offset ${START} of the log of "ann"; no device of this id is connected, was connected when it was published, or ever said its name`,
    ],
  },
]
