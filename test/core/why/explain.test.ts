import { beforeEach, describe, expect, it } from 'vitest'
import { FanoutError } from '../../../src/core/errors.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { START, Story, timeAt } from './story.ts'

describe('the explanation', () => {
  let story: Story

  beforeEach(async () => {
    story = new Story()
    await story.world.log.head('ann')
  })

  const refuse = async (error: FanoutError, eventId = 'e-1') => {
    error.eventId = eventId
    await story.world.publisher.refused(error)
  }
  const notSeen = `it is at offset ${START} of the log of "ann"; no device of this id is connected, was connected when it was published, or ever said its name`

  it('names a field that was refused, the whole event, or neither', async () => {
    for (const [facts, where] of [
      [{ path: '/trainerIds/0' }, ', at /trainerIds/0'],
      [{ path: '' }, ', at the whole'],
      [{}, ''],
    ] as const) {
      await refuse(new FanoutError('invalid_event', 'wrong', facts))
      expect((await story.why()).evidence).toEqual([
        `refused at ${timeAt(0)} with invalid_event${where}: wrong`,
      ])
    }
  })

  it('says, beside where the event is, that another one of its id was refused later', async () => {
    await story.publish()
    story.wait(10)
    const conflict = sampleEvent('e-1', ['ann'], 'other')
    await expect(story.world.publisher.publish(conflict)).rejects.toMatchObject({ code: 'id_conflict' })
    const { reason, evidence } = await story.why()
    expect(reason).toBe('never_seen')
    expect(evidence).toEqual([
      notSeen,
      `another one of this id was refused at ${timeAt(10)} with id_conflict, at /id: the id "e-1" belongs to an event with other content`,
    ])
  })

  it('is silent about a refusal that was mended: the event was accepted after it', async () => {
    await refuse(new FanoutError('no_recipients', 'nobody'))
    story.wait(1)
    await story.publish()
    expect((await story.why()).evidence).toEqual([notSeen])
  })

  it('says of one that was refused while it was only begun that it is not finished, and of the refusal', async () => {
    await story.begin(sampleEvent('e-1', ['ann', 'bob']), 2)
    story.wait(10)
    await refuse(new FanoutError('id_conflict', 'other'))
    const { reason, evidence, devices } = await story.why()
    expect([reason, devices]).toEqual(['publish_under_way', []])
    expect(evidence).toEqual([
      `a publish of it was begun at ${timeAt(0)}, and is not finished`,
      `it is in the user’s log, at offset ${START}`,
      `another one of this id was refused at ${timeAt(10)} with id_conflict: other`,
    ])
  })

  it('of a publish that was only begun, too, says that it names others', async () => {
    await story.begin(sampleEvent('e-1', ['bob']), 1)
    const { reason, evidence } = await story.why()
    expect(reason).toBe('not_a_recipient')
    expect(evidence).toEqual([`published at ${timeAt(0)} for "bob" by recipientIds; not for "ann"`])
  })

  it('counts what a device fetched for itself, though nobody pushed it', async () => {
    await story.world.log.append([sampleEvent('e-1', ['ann'])])
    await story.acknowledge('phone', START - 1)
    expect((await story.why()).reason).toBe('publish_under_way')
    await story.acknowledge('phone', START)
    expect((await story.why()).reason).toBe('applied')
    await story.report('phone', START)
    expect((await story.why()).reason).toBe('handler_threw')
  })

  it('tells where each of the devices stands, and of the one alone that is asked about', async () => {
    await story.open('c-1', 'phone')
    await story.publish()
    story.wait(5)
    await story.acknowledge('phone', START)
    await story.report('tablet', START - 3)
    const phone = {
      device: 'phone',
      isNamed: true,
      isConnected: true,
      reason: 'applied',
      evidence: [`applied at ${timeAt(5)}: it acknowledged offset ${START}`],
      deliveries: [{ connectionId: 'c-1', device: 'phone', outcome: 'sent', at: START }],
      acknowledged: START,
      applied: { offset: START, at: START + 5 },
      seenAt: START + 5,
    }
    const tablet = {
      device: 'tablet',
      isNamed: true,
      isConnected: false,
      reason: 'no_device_connected',
      evidence: [
        `not connected; it last told anything about ${timeAt(5)}`,
        'it has never acknowledged anything',
      ],
      deliveries: [],
      seenAt: START + 5,
    }
    expect((await story.why()).devices).toEqual([phone, tablet])
    expect((await story.why({ device: 'tablet' })).devices).toEqual([tablet])
  })

  it('takes a connection without a name for what it is, though it acknowledges', async () => {
    await story.open('c-1')
    await story.publish()
    await story.acknowledge('c-1', START)
    expect((await story.why()).devices).toMatchObject([{ device: 'c-1', isNamed: false, reason: 'applied' }])
  })

  it('says of what has only just been pushed that there is time yet', async () => {
    const story = new Story()
    await story.world.log.head('ann')
    await story.open('c-1', 'phone')
    await story.publish()
    story.wait(4999)
    expect((await story.why()).evidence.at(-1)).toMatch(/^it was published less than 5 seconds ago/)
    story.wait(1)
    expect((await story.why()).evidence.join()).not.toContain('less than 5 seconds ago')
  })
})
