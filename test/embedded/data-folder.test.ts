import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDataFolder } from '../../src/embedded/data-folder.ts'
import { entryKey, headKey } from '../../src/embedded/keys.ts'
import { LmdbStore } from '../../src/embedded/lmdb-store.ts'
import { stamped } from '../../src/embedded/stamped.ts'
import { sampleEvent } from '../contract/samples.ts'
import { Child } from './children.ts'
import { removeFolder, temporaryFolder } from './folders.ts'

const ALL = { events: 100, bytes: 1_000_000 }

let parent: string
let path: string
beforeEach(() => {
  parent = temporaryFolder()
  path = join(parent, 'some', 'data.folder')
})
afterEach(() => {
  removeFolder(parent)
})

describe('opening', () => {
  it('creates the folder for its owner alone', async () => {
    const folder = openDataFolder(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(path, 'events.mdb')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(path, 'format'), 'utf8')).toBe('2\n')
    for (const file of ['journal-0', 'journal-1']) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600)
    expect(existsSync(join(path, 'format.new'))).toBe(false)
    await folder.close()
  })

  it('takes a folder that is there', async () => {
    mkdirSync(path, { recursive: true })
    await openDataFolder(path).close()
  })

  it('refuses a format that it does not know, and leaves the folder as it was', async () => {
    await openDataFolder(path).close()
    writeFileSync(join(path, 'format'), '7\n')
    const message = `the data folder ${path} has format "7", and this version of event-fanout reads only formats 1 and 2; run the version that wrote it, or use another folder`
    expect(() => openDataFolder(path)).toThrow(message)
    expect(() => openDataFolder(path)).toThrow(message)
    writeFileSync(join(path, 'format'), '2\n')
    await openDataFolder(path).close()
  })

  it('takes a folder of version 1, which had no journal, and says that it is one of version 2 now', async () => {
    const now = Date.now()
    const head = { base: now, head: now, loggedAt: now }
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'format'), '1\n')
    const database = new LmdbStore(join(path, 'events.mdb'))
    const text = '{"type":"T","id":"e1"}'
    await database.commit([
      { key: headKey('ann'), value: Buffer.from(JSON.stringify(head)) },
      { key: entryKey('ann', now), value: stamped(now, text) },
    ])
    await database.close()
    const folder = openDataFolder(path)
    expect(readFileSync(join(path, 'format'), 'utf8')).toBe('2\n')
    expect(await folder.log.newest('ann', ALL)).toMatchObject({ head: now, entries: [{ offset: now, text }] })
    const [appended] = await folder.log.append([sampleEvent('e2', ['ann'])])
    expect(appended).toMatchObject({ receipt: { recipients: [{ offset: now + 1 }] } })
    await folder.close()
  })

  it('fails where the folder cannot be made', () => {
    const file = join(parent, 'a-file')
    writeFileSync(file, '')
    expect(() => openDataFolder(join(file, 'data'))).toThrow('ENOTDIR')
  })
})

describe('a second opener', () => {
  const inUse = (pid: number) =>
    `the data folder ${path} is in use by process ${pid}; stop that one, or use another folder`

  it('in the same process is refused until the first has closed', async () => {
    const first = openDataFolder(path)
    expect(() => openDataFolder(path)).toThrow(inUse(process.pid))
    await first.log.append([sampleEvent('e1', ['ann'])])
    expect(() => openDataFolder(path)).toThrow(inUse(process.pid))
    await first.close()
    const second = openDataFolder(path)
    expect((await second.log.newest('ann', ALL)).entries).toHaveLength(1)
    await second.close()
  })

  it('in another process is refused', async () => {
    const folder = openDataFolder(path)
    const child = new Child('hold', path)
    expect(await child.rest()).toEqual([{ error: inUse(process.pid) }])
    await folder.close()
  })

  it('is let in once a process that held the folder was killed', async () => {
    const child = new Child('hold', path)
    expect(await child.next()).toEqual({ holding: true })
    expect(() => openDataFolder(path)).toThrow(inUse(child.pid))
    await child.kill()
    await openDataFolder(path).close()
  })
})

describe('closing', () => {
  it('writes what was queued, and may be done twice', async () => {
    const folder = openDataFolder(path)
    const appended = folder.log.append([sampleEvent('e1', ['ann'])])
    await Promise.all([folder.close(), folder.close()])
    expect((await appended)[0]?.status).toBe('appended')
    const again = openDataFolder(path)
    expect((await again.log.newest('ann', ALL)).entries).toHaveLength(1)
    await again.close()
  })

  it('leaves nothing usable behind', async () => {
    const folder = openDataFolder(path)
    await folder.close()
    await expect(folder.log.append([sampleEvent('e1', ['ann'])])).rejects.toThrow('closed')
    await expect(folder.log.head('ann')).rejects.toThrow('closed')
    await expect(folder.log.receipt('e1')).rejects.toThrow('closed')
    await expect(folder.devices.ofUser('ann')).rejects.toThrow('closed')
    await expect(folder.check()).rejects.toThrow('closed')
  })
})

describe('check', () => {
  it('writes through to the disk', async () => {
    const folder = openDataFolder(path)
    const before = folder.counters
    await folder.check()
    expect(folder.counters).toEqual({ ...before, batches: before.batches + 1, jobs: before.jobs + 1 })
    await folder.close()
  })
})
