/**
 * The other process of the tests: `child.ts <task> <folder>`. It says what happened as one JSON object a line,
 * written synchronously, so that what it was told before it was killed is known.
 */
import { writeSync } from 'node:fs'
import { FanoutError } from '../../src/core/errors.ts'
import { type DataFolder, openDataFolder } from '../../src/embedded/data-folder.ts'
import { sampleEvent } from '../contract/samples.ts'

/** Longer ones fill a disk sooner. */
const CONTENT = { publish: 'x'.repeat(300), fill: 'x'.repeat(20_000) }
const USERS = 5

function say(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

/** Publishes events, each to two users, and tells of each that was acknowledged. */
async function publish(folder: DataFolder, lane: number, content: string, from = 0): Promise<void> {
  for (let n = from; ; n++) {
    const users = [`u${n % USERS}`, `u${(n + 1 + lane) % USERS}`]
    const event = sampleEvent(`${process.pid}-${lane}-${n}`, [...new Set(users)], content)
    const [appended] = await folder.log.append([event])
    if (appended?.status !== 'appended') throw new Error('not appended')
    say({ id: event.id, recipients: appended.receipt.recipients })
  }
}

/** Publishes until the disk takes no more, and then what still fits. */
async function fill(folder: DataFolder): Promise<void> {
  await publish(folder, 0, CONTENT.fill).catch((error: unknown) => {
    if (!(error instanceof FanoutError)) throw error
    say({ refused: error.code })
  })
  await folder.check().then(
    () => {
      say({ healthy: true })
    },
    () => {
      say({ healthy: false })
    },
  )
}

const [task, path] = process.argv.slice(2)
try {
  const folder = openDataFolder(path ?? '')
  if (task === 'publish')
    await Promise.all([0, 1, 2, 3].map((lane) => publish(folder, lane, CONTENT.publish)))
  if (task === 'fill') await fill(folder)
  if (task === 'hold') {
    say({ holding: true })
    setInterval(() => undefined, 1000)
  } else await folder.close()
} catch (error) {
  say({ error: (error as Error).message })
}
