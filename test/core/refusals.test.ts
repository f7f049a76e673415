import { beforeEach, describe, expect, it } from 'vitest'
import { PROBLEMS, type ProblemCode } from '../../src/core/codes.ts'
import { FanoutError } from '../../src/core/errors.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { isFinal, noteRefusals } from '../../src/core/refusals.ts'
import { Publisher } from '../../src/core/publish.ts'
import { sampleEvent } from '../contract/samples.ts'
import { changed, createWorld, type World } from '../support/fakes.ts'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

function refusalOf(eventId: string | undefined, ...given: ConstructorParameters<typeof FanoutError>) {
  const error = new FanoutError(...given)
  if (eventId !== undefined) error.eventId = eventId
  return error
}

describe('a refusal', () => {
  let world: World

  beforeEach(() => {
    world = createWorld()
  })

  it.each(CODES)('is final, unless it says nothing about the event: %s', (code) => {
    expect(isFinal(new FanoutError(code, 'x'))).toBe(code !== 'unavailable')
  })

  it.each([new Error('disk full'), 'x', undefined, { code: 'invalid_event' }])(
    'is not what merely failed: %s',
    (error) => {
      expect(isFinal(error)).toBe(false)
    },
  )

  it('is written down with all that it says', async () => {
    world.clock.advance(7)
    await noteRefusals(world, [
      refusalOf('e-1', 'invalid_event', 'the type is missing', { path: '/type', limit: 3 }),
      refusalOf('e-2', 'no_recipients', 'nobody'),
      refusalOf('e-3', 'invalid_event', 'no object', { path: '' }),
    ])
    const at = world.clock.now()
    expect(await Promise.all(['e-1', 'e-2', 'e-3'].map(async (id) => world.refusals.find(id)))).toStrictEqual(
      [
        { eventId: 'e-1', code: 'invalid_event', message: 'the type is missing', path: '/type', at },
        { eventId: 'e-2', code: 'no_recipients', message: 'nobody', at },
        { eventId: 'e-3', code: 'invalid_event', message: 'no object', path: '', at },
      ],
    )
  })

  it('is written down neither without an id, nor where another try may mend it, nor where it is none', async () => {
    const noted: string[] = []
    world.refusals.note = async ({ eventId }) => void noted.push(eventId)
    const unavailable = refusalOf('e-1', 'unavailable', 'not now')
    await noteRefusals(world, [
      refusalOf(undefined, 'malformed_json', 'no JSON'),
      unavailable,
      new Error('disk full'),
      refusalOf('e-2', 'no_recipients', 'nobody'),
    ])
    expect(noted).toEqual(['e-2'])
  })

  it('has its texts cut, and never in the middle of a character', async () => {
    const long = `${'x'.repeat(LIMITS.refusalLength - 1)}😀`
    await noteRefusals(world, [refusalOf('e-1', 'invalid_event', long, { path: `/${'y'.repeat(1000)}` })])
    const { message, path } = (await world.refusals.find('e-1'))!
    expect(message).toBe(`${'x'.repeat(LIMITS.refusalLength - 1)}\ufffd`)
    expect(path).toBe(`/${'y'.repeat(LIMITS.refusalLength - 1)}`)
  })

  it('has a path that any store takes, wherever it is cut', async () => {
    const path = `/${'y'.repeat(LIMITS.refusalLength - 2)}😀`
    await noteRefusals(world, [refusalOf('e-1', 'unsafe_number', 'x', { path })])
    expect((await world.refusals.find('e-1'))?.path?.isWellFormed()).toBe(true)
  })

  it('that cannot be written down is nobody’s trouble, and the others are', async () => {
    const note = world.refusals.note.bind(world.refusals)
    world.refusals.note = async (refusal) => {
      if (refusal.eventId === 'e-1') throw new Error('no capacity')
      await note(refusal)
    }
    await noteRefusals(
      world,
      ['e-1', 'e-2'].map((id) => refusalOf(id, 'no_recipients', 'nobody')),
    )
    expect(await world.refusals.find('e-2')).toBeDefined()
    expect(world.logger.lines).toMatchObject([
      {
        level: 'error',
        fields: { eventId: 'e-1', code: 'no_recipients' },
        message: 'a refusal could not be written down',
      },
    ])
    expect(world.logger.text()).toContain('no capacity')
  })

  it('is dropped where there is no ledger', async () => {
    const { clock, logger } = world
    await noteRefusals({ clock, logger }, [refusalOf('e-1', 'no_recipients', 'nobody')])
    expect(logger.lines).toEqual([])
  })

  describe('of a publish', () => {
    it('is written down, with the id that belongs to another event', async () => {
      await world.publisher.publish(sampleEvent('e-1', ['ann']))
      world.clock.advance(3)
      await world.publisher.publishAll([
        sampleEvent('e-1', ['ann'], 'other'),
        refusalOf('e-2', 'no_recipients', 'nobody'),
        sampleEvent('e-3', ['ann']),
      ])
      const at = world.clock.now()
      expect(await world.refusals.find('e-1')).toMatchObject({ code: 'id_conflict', path: '/id', at })
      expect(await world.refusals.find('e-2')).toMatchObject({ code: 'no_recipients', at })
      expect(await world.refusals.find('e-3')).toBeUndefined()
    })

    it('is answered also where it cannot be written down', async () => {
      world.refusals.note = async () => Promise.reject(new Error('no capacity'))
      await world.publisher.publish(sampleEvent('e-1', ['ann']))
      const [conflict, good] = await world.publisher.publishAll([
        sampleEvent('e-1', ['ann'], 'other'),
        sampleEvent('e-2', ['ann']),
      ])
      expect(conflict).toMatchObject({ code: 'id_conflict' })
      expect(good).toMatchObject({ id: 'e-2', duplicate: false })
    })

    it('is not what the log merely failed at', async () => {
      const append = async () => Promise.reject(new FanoutError('unavailable', 'not now'))
      const publisher = new Publisher({ ...world, log: changed(world.log, { append }) })
      await expect(publisher.publish(sampleEvent('e-1', ['ann']))).rejects.toThrow('not now')
      expect(await world.refusals.find('e-1')).toBeUndefined()
    })
  })
})
