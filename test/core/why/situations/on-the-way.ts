import { FanoutError } from '../../../../src/core/errors.ts'
import { sampleEvent } from '../../../contract/samples.ts'
import { START, timeAt } from '../story.ts'
import { type Situation, NEVER } from './situation.ts'

export const ON_THE_WAY: readonly Situation[] = [
  {
    is: 'nobody knows the id',
    told: async (story) => story.publish('e-2'),
    reason: 'never_published',
    evidence: ['there is no receipt, and no refusal, under this id'],
  },
  {
    is: 'it was refused',
    told: async (story) => {
      const error = new FanoutError('invalid_event', 'the type is missing', { path: '/type' })
      error.eventId = 'e-1'
      await story.world.publisher.refused(error)
    },
    reason: 'refused',
    evidence: [`refused at ${timeAt(0)} with invalid_event, at /type: the type is missing`],
  },
  {
    is: 'another process publishes it right now',
    told: async (story) => {
      await story.begin(sampleEvent('e-1', ['ann', 'bob']), 1)
      story.wait(59_999)
    },
    reason: 'publish_under_way',
    evidence: [
      `a publish of it was begun at ${timeAt(0)}, and is not finished`,
      'it is not in the user’s log',
    ],
  },
  {
    is: 'the publisher died between two logs',
    told: async (story) => {
      await story.begin(sampleEvent('e-1', ['ann', 'bob']), 2)
      story.wait(60_000)
    },
    reason: 'publish_interrupted',
    evidence: [
      `a publish of it was begun at ${timeAt(0)}, and is not finished`,
      `it is in the user’s log, at offset ${START}`,
    ],
  },
  {
    is: 'the publisher died before it pushed',
    told: async (story) => {
      await story.open('c-1', 'phone')
      await story.world.log.append([sampleEvent('e-1', ['ann'])])
      story.wait(60_000)
    },
    reason: 'publish_interrupted',
    evidence: [
      `a publish of it was begun at ${timeAt(0)}, and is not finished`,
      `it is in the user’s log, at offset ${START}`,
      `phone: connected since ${timeAt(-60_000)}; its delivery is not among those that the receipt tells of`,
      `phone: ${NEVER}`,
    ],
  },
  {
    is: 'it is for others',
    told: async (story) => {
      await story.world.publisher.publish(sampleEvent('e-1', ['bob', 'A"nn']))
    },
    reason: 'not_a_recipient',
    evidence: [
      `published at ${timeAt(0)} for "bob" by recipientIds, "A\\"nn" by recipientIds; not for "ann"`,
    ],
  },
]
