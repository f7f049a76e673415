import { START, timeAt } from '../story.ts'
import { type Situation, NEVER, APPLIED, pushed, GONE, phoneApplies } from './situation.ts'

export const OF_SEVERAL_DEVICES: readonly Situation[] = [
  {
    is: 'the phone is away, and a browser that was opened since began after it: nobody has it',
    told: async (story) => {
      await story.acknowledge('phone', START - 5)
      await story.publish()
      await story.world.devices.begins('ann', 'browser', START)
      await story.acknowledge('browser', START)
    },
    reason: 'no_device_connected',
    evidence: [
      `phone: not connected; it last told anything about ${timeAt(0)}`,
      `phone: its last acknowledgement is offset ${START - 5}, the event is at ${START}`,
    ],
  },
  {
    is: 'the phone is away, and somebody looks on over a nameless connection',
    told: async (story) => {
      await story.acknowledge('phone', START - 5)
      await story.open('c-2')
      await story.publish()
    },
    reason: 'no_device_connected',
    evidence: [
      `phone: not connected; it last told anything about ${timeAt(0)}`,
      `phone: its last acknowledgement is offset ${START - 5}, the event is at ${START}`,
    ],
  },
  {
    is: 'the phone has applied it, and the tablet is away: it gets it when it is back',
    told: async (story) => {
      await story.acknowledge('tablet', START - 5)
      await phoneApplies(story)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'the phone has applied it, and the tablet’s socket was dead',
    told: async (story) => {
      await story.open('c-2', 'tablet')
      story.world.pusher.script.set('c-2', 'gone')
      await phoneApplies(story)
    },
    reason: 'dead_socket',
    evidence: [`tablet: ${GONE}`, `tablet: ${NEVER}`],
  },
  {
    is: 'the phone has applied it, and the tablet’s handler failed',
    told: async (story) => {
      await story.open('c-2', 'tablet')
      await phoneApplies(story)
      await story.report('tablet', START, 'boom')
    },
    reason: 'handler_threw',
    evidence: [`tablet: its handler failed, which it reported at ${timeAt(1000)}: boom`],
  },
  {
    is: 'the phone has applied it, and a nameless connection, which took it, never acknowledges',
    told: async (story) => {
      await story.open('c-2')
      await phoneApplies(story)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'the phone has applied it, and a nameless connection was dead',
    told: async (story) => {
      await story.open('c-2')
      story.world.pusher.script.set('c-2', 'gone')
      await phoneApplies(story)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'a nameless connection acknowledged an older one, and the phone has applied it',
    told: async (story) => {
      await story.open('c-2')
      await story.acknowledge('c-2', START - 1)
      await phoneApplies(story)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'there is a nameless connection alone, which took it',
    told: async (story) => {
      await story.open('c-2')
      await story.publish()
    },
    reason: 'not_acknowledged',
    evidence: [`c-2: ${pushed('handed to its socket', 'c-2')}`, `c-2: ${NEVER}`],
  },
  {
    is: 'a device had a dead connection beside a new one, and has applied it',
    told: async (story) => {
      await story.open('c-2', 'phone', { registeredAt: START - 3_600_000 })
      story.world.pusher.script.set('c-2', 'gone')
      await phoneApplies(story)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'a device had a dead connection beside a new one, which took it',
    told: async (story) => {
      await story.open('c-1', 'phone', { registeredAt: START - 3_600_000 })
      await story.open('c-2', 'phone')
      story.world.pusher.script.set('c-2', 'gone')
      await story.publish()
    },
    reason: 'not_acknowledged',
    evidence: [`phone: ${pushed('handed to its socket', 'c-1')}`, `phone: ${NEVER}`],
  },
  {
    is: 'one was throttled, one took it, one is away: the most telling counts',
    told: async (story) => {
      await story.acknowledge('tv', START - 5)
      await story.open('c-1', 'phone')
      await story.open('c-2', 'tablet')
      story.world.pusher.script.set('c-2', 'throttled')
      await story.publish()
    },
    reason: 'throttled',
    evidence: [`tablet: ${pushed('throttled', 'c-2')}`, `tablet: ${NEVER}`],
  },
]
