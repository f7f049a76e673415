/**
 * The campaign at any length, against the built server:
 *
 *     npm run chaos -- --events 20000 --kills 10
 */
import { parseArgs } from 'node:util'
import { Campaign, DEFAULTS } from './campaign.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: String(DEFAULTS.events) },
    kills: { type: 'string', default: String(DEFAULTS.kills) },
    publishers: { type: 'string', default: String(DEFAULTS.publishers) },
    users: { type: 'string', default: String(DEFAULTS.users) },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const { faults, ...summary } = await new Campaign({
  events: Number(values.events),
  kills: Number(values.kills),
  publishers: Number(values.publishers),
  users: Number(values.users),
  seed: Number(values.seed),
}).run()
console.log(JSON.stringify(summary, undefined, 2))
for (const fault of faults.slice(0, 20)) console.error(fault)
if (faults.length > 0) process.exitCode = 1
