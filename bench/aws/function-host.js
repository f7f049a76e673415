/**
 * One function in a process of its own, so that the process's CPU time is the function's. It runs what its parent sends, one event after
 * the other, as Lambda does.
 *
 * Its argument is the bundle; the environment is what the function would have.
 */
import { pathToFileURL } from 'node:url'

const { handler } = await import(pathToFileURL(process.argv[2] ?? '').href)

process.on('message', (events) => {
  void run(/** @type {unknown[]} */ (events)).then((measured) => process.send?.(measured))
})
process.send?.('ready')

/** @param {unknown[]} events */
async function run(events) {
  let last
  const before = process.cpuUsage()
  for (const event of events) last = await handler(event)
  const { user, system } = process.cpuUsage(before)
  return { cpuUs: user + system, last }
}
