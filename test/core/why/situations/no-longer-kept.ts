import { sampleEvent } from '../../../contract/samples.ts'
import { START, timeAt, DAY, RETENTION } from '../story.ts'
import { type Situation, NEVER, APPLIED, pushed, phoneApplies, phonePushed } from './situation.ts'

export const NO_LONGER_KEPT: readonly Situation[] = [
  {
    is: 'a device stayed away for as long as it was kept',
    told: async (story) => {
      await story.publish('e-0')
      await story.publish()
      story.wait(DAY)
      await story.acknowledge('tablet', START)
      story.wait(RETENTION - DAY + 1)
    },
    reason: 'expired',
    evidence: [
      `published at ${timeAt(0)}; offset ${START + 1} is no longer in the log`,
      `tablet: not connected; it last told anything about ${timeAt(DAY)}`,
      `tablet: its last acknowledgement is offset ${START}, the event is at ${START + 1}`,
    ],
  },
  {
    is: 'its push had failed as well',
    told: async (story) => {
      await phonePushed('gone')(story)
      story.wait(RETENTION + 1)
    },
    reason: 'expired',
    evidence: [
      `published at ${timeAt(0)}; offset ${START} is no longer in the log`,
      `phone: ${pushed('there was no such connection any more', 'c-1')}`,
      `phone: ${NEVER}`,
    ],
  },
  {
    is: 'it had been applied before',
    told: async (story) => {
      await phoneApplies(story)
      story.wait(RETENTION)
    },
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'its handler had failed',
    told: async (story) => {
      await story.open('c-1', 'phone')
      await story.publish()
      story.wait(DAY)
      await story.report('phone', START)
      story.wait(RETENTION)
    },
    reason: 'handler_threw',
    evidence: [`phone: its handler failed, which it reported at ${timeAt(DAY)}: TypeError: x`],
  },
  {
    is: 'it was never pushed, and nobody came for it',
    told: async (story) => {
      await story.world.log.append([sampleEvent('e-1', ['ann'])])
      story.wait(RETENTION + 1)
    },
    reason: 'expired',
    evidence: [`published at ${timeAt(0)}; offset ${START} is no longer in the log`],
  },
]
