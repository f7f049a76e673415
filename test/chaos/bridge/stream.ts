/**
 * The campaign at any length, against the built server and bridge:
 *
 *     npm run chaos:bridge -- --events 10000 --kills 5
 */
import { parseArgs } from 'node:util'
import { DEFAULTS, StreamCampaign } from './stream-campaign.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: String(DEFAULTS.events) },
    users: { type: 'string', default: String(DEFAULTS.users) },
    kills: { type: 'string', default: String(DEFAULTS.bridgeKills) },
    restarts: { type: 'string', default: String(DEFAULTS.redisRestarts) },
    'target-down': { type: 'string', default: String(DEFAULTS.targetDown) },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const seed = Number(values.seed)
const { faults, ...summary } = await new StreamCampaign({
  events: Number(values.events),
  users: Number(values.users),
  bridgeKills: Number(values.kills),
  redisRestarts: Number(values.restarts),
  targetDown: Number(values['target-down']),
  seed,
}).run()
console.log(JSON.stringify({ seed, ...summary }, undefined, 2))
for (const fault of faults.slice(0, 20)) console.error(fault)
if (faults.length > 0) process.exitCode = 1
