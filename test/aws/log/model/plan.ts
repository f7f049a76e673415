import fc from 'fast-check'

export const USERS = ['ann', 'bob'] as const
/** In days; the first schedule's, and what a redeploy may choose. */
export const RETENTIONS = [1, 3, 8, 30, 90] as const

const BOUNDARIES = [
  'soon',
  'the retention of the last entry',
  '60 min before the last entry may go',
  '30 min before the last entry may go',
  'when the last entry may go',
  'days after the last entry may go',
  'half of the life of the head',
  '60 min before the life of the head ends',
  'the end of the life of the head',
  'half of the retention since the last receipt',
  'twice the retention since the last receipt',
  'twice the retention',
] as const
export type Boundary = (typeof BOUNDARIES)[number]

const often = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>, weight: number) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare })

const skew = fc.integer({ min: -5000, max: 5000 })
const isOld = often(fc.constant(false), fc.constant(true), 2)

const death = fc.option(
  fc.record({ call: fc.integer({ min: 1, max: 9 }), when: fc.constantFrom('before', 'after') }),
  {
    freq: 2,
  },
)

/** One try at a publish. `old`: of the version before the redeploy of this round, if there is one. */
const attempt = fc.record({ skew, death, old: isOld, stays: often(fc.constant(true), fc.constant(false), 4) })

const publish = fc.record({
  kind: fc.constant('publish' as const),
  events: fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 3, size: 'small' }),
  other: often(fc.constant(false), fc.constant(true), 20),
  tries: often(
    fc.array(attempt, { minLength: 1, maxLength: 1 }),
    fc.array(attempt, { minLength: 2, maxLength: 4 }),
    2,
  ),
})

const read = fc.record({
  kind: fc.constant('read' as const),
  user: fc.nat(USERS.length - 1),
  reader: fc.nat(1),
  how: often(fc.constant('on' as const), fc.constantFrom('head', 'zero', 'newest', 'since'), 2),
  limit: fc.integer({ min: 1, max: 4 }),
  /** Whether it takes the head for its cursor where there is nothing new. */
  adopts: fc.boolean(),
  skew,
  old: isOld,
})

const round = fc.record({
  to: fc.constantFrom(...BOUNDARIES),
  user: fc.nat(USERS.length - 1),
  /** Seconds after the boundary. */
  jitter: fc.integer({ min: -200, max: 40 }),
  redeploy: often(fc.constant(undefined), fc.nat(RETENTIONS.length - 1), 6),
  /** How much of what has expired is deleted. */
  gone: fc.constantFrom(0, 0.4, 1),
  lag: fc.constantFrom(0, 1000, 10_000, 7_200_000),
  actors: fc.array(fc.oneof({ weight: 3, arbitrary: publish }, { weight: 2, arbitrary: read }), {
    minLength: 1,
    maxLength: 4,
  }),
  seed: fc.integer(),
})

export const plans = fc.record({
  retention: fc.nat(RETENTIONS.length - 1),
  rounds: fc.array(round, { minLength: 2, maxLength: 7, size: 'max' }),
})

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
export type Plan = Of<typeof plans>
export type Round = Of<typeof round>
export type Publish = Of<typeof publish>
export type Attempt = Of<typeof attempt>
export type Read = Of<typeof read>
