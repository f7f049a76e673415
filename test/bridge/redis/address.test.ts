import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress, shown } from '../../../src/bridge/redis/address.ts'
import { SettingError } from '../../../src/process/settings.ts'

const at = (host: string, port: number) => ({ host, port })
const single = { kind: 'single', tls: false, db: 0 } as const
const local = [at('h', 6379)]

const FORMS =
  'redis://user:password@host:6379/0 (rediss:// for TLS), redis+cluster://host:6379,host:6379 or redis+sentinel://host:26379,host:26379/master'

function errorOf(text: string): Error {
  try {
    parseAddress(text)
  } catch (error) {
    if (error instanceof SettingError) return error
    throw error
  }
  throw new Error(`${text} is an address`)
}

describe('an address', () => {
  it.each<[string, object]>([
    ['redis://h', { ...single, nodes: local }],
    ['redis://h/', { ...single, nodes: local }],
    ['redis://h:7000/15', { ...single, nodes: [at('h', 7000)], db: 15 }],
    ['rediss://h', { ...single, nodes: local, tls: true }],
    ['redis://[::1]', { ...single, nodes: [at('::1', 6379)] }],
    ['redis://[2001:db8::1]:7000/1', { ...single, nodes: [at('2001:db8::1', 7000)], db: 1 }],
    ['redis://u:p@h', { ...single, nodes: local, username: 'u', password: 'p' }],
    ['redis://:p@h', { ...single, nodes: local, password: 'p' }],
    ['redis://u@h', { ...single, nodes: local, username: 'u' }],
    ['redis://@h', { ...single, nodes: local }],
    ['redis://u%40x:%2F%3A%40%25%C3%A4@h', { ...single, nodes: local, username: 'u@x', password: '/:@%ä' }],
    ['redis://u:a:b?c#d@h', { ...single, nodes: local, username: 'u', password: 'a:b?c#d' }],
    ['redis+cluster://a,b:7000', { ...single, kind: 'cluster', nodes: [at('a', 6379), at('b', 7000)] }],
    [
      'rediss+cluster://u:p@a/0',
      { ...single, kind: 'cluster', nodes: [at('a', 6379)], tls: true, username: 'u', password: 'p' },
    ],
    [
      'redis+sentinel://a,[::1]:7000/m',
      { ...single, kind: 'sentinel', nodes: [at('a', 26_379), at('::1', 7000)], master: 'm' },
    ],
    [
      'rediss+sentinel://:p@a/m/3',
      { ...single, kind: 'sentinel', nodes: [at('a', 26_379)], tls: true, db: 3, master: 'm', password: 'p' },
    ],
  ])('is read from %s', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
  })

  it.each([
    ['redis://u:secret@h', 'redis://h:6379'],
    ['rediss://u:secret@[::1]/2', 'rediss://[::1]:6379/2'],
    ['redis+cluster://u:secret@a,b:1', 'redis+cluster://a:6379,b:1'],
    ['rediss+sentinel://u:secret@a/m', 'rediss+sentinel://a:26379/m'],
    ['redis+sentinel://u:secret@a/m/1', 'redis+sentinel://a:26379/m/1'],
  ])('%s is shown without who one is there', (text, without) => {
    expect(shown(parseAddress(text))).toBe(without)
    expect(parseAddress(shown(parseAddress(text)))).toEqual(parseAddress(without))
  })
})

describe('what is none is refused', () => {
  it.each([
    ['', '', 'it is no such address'],
    ['h:6379', 'h:6379', 'it is no such address'],
    ['http://h', 'http://h', 'it is no such address'],
    ['redis://', 'redis://', 'it is no such address'],
    ['redis://h?db=1', 'redis://h…', 'it is no such address'],
    [
      'redis://u:sec@ret@h',
      'redis://…@h',
      'it is no such address, or its user or password is not percent-encoded',
    ],
    [
      'redis://u:12/secret@h',
      'redis://…@h',
      'it is no such address, or its user or password is not percent-encoded',
    ],
    [
      'redis+sentinel://u:12/secret@h/m',
      'redis+sentinel://…@h/m',
      'it is no such address, or its user or password is not percent-encoded',
    ],
    ['u:secret@h', '…@h', 'it is no such address, or its user or password is not percent-encoded'],
    ['redis://u:%secret@h', 'redis://…@h', 'user and password must be percent-encoded'],
    ['redis://h:0', 'redis://h:0', '0 is no port'],
    ['redis://h:65536', 'redis://h:65536', '65536 is no port'],
    ['redis://h:port', 'redis://h:port', '"h:port" is no host with a port'],
    ['redis://::1', 'redis://::1', '"::1" is no host with a port'],
    ['redis://[:::]', 'redis://[:::]', '"[:::]" is no host with a port'],
    ['redis+cluster://a,', 'redis+cluster://a,', '"" is no host with a port'],
    ['redis://h:6380,password=secret', 'redis://h:6380,…', '"…" is no host with a port'],
    ['redis://a,b', 'redis://a,b', 'it has several hosts; say what they are'],
    ['redis://h/name', 'redis://h/name', '"name" is no number of a database'],
    ['redis+cluster://h/1', 'redis+cluster://h/1', 'a cluster has no databases'],
    ['redis+sentinel://h', 'redis+sentinel://h', 'the name of the master is missing'],
    ['redis+sentinel://h/m/1/2', 'redis+sentinel://h/m/1/2', '"1/2" is no number of a database'],
  ])('%s', (text, safe, reason) => {
    expect(errorOf(text).message).toBe(`REDIS_URL is "${safe}"; ${reason}. It looks like ${FORMS}`)
  })

  it.each([
    'h:6380,password=secret,ssl=True',
    'redis://h?password=secret',
    'redis:u:secret@h',
    '//:secret@h',
  ])('without its password: %s', (text) => {
    expect(errorOf(text).message).not.toContain('secret')
  })

  it('or is an address, whatever the text; no message has the password', () => {
    const piece = fc.oneof(
      fc.constantFrom(...'redis rediss + cluster sentinel :// // : @ / , [ ] ? # % 6379 h'.split(' ')),
      fc.string(),
      fc.constant('s3cr3t'),
    )
    const before = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
    const after = before.map((text) => text.replaceAll('s3cr3t', ''))
    fc.assert(
      fc.property(before, after, (credentials, rest) => {
        const text = `${credentials}@${rest}`
        try {
          expect(shown(parseAddress(text))).not.toContain('s3cr3t')
        } catch (error) {
          expect(error).toBeInstanceOf(SettingError)
          expect((error as Error).message).not.toContain('s3cr3t')
        }
      }),
      { numRuns: 2000 },
    )
  })
})
