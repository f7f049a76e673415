import { START, type Story, timeAt } from '../story.ts'
import { type Situation, NEVER, APPLIED, GONE, phoneApplies } from './situation.ts'

/** Beside a phone that has applied it, a tablet whose socket was dead. */
async function phoneAppliesTabletIsDead(story: Story): Promise<void> {
  await story.open('c-2', 'tablet')
  story.world.pusher.script.set('c-2', 'gone')
  await phoneApplies(story)
}

export const ASKED_ALONE: readonly Situation[] = [
  {
    is: 'it is the phone that is asked about',
    told: phoneAppliesTabletIsDead,
    device: 'phone',
    reason: 'applied',
    evidence: [`phone: ${APPLIED}`],
  },
  {
    is: 'it is the tablet that is asked about',
    told: phoneAppliesTabletIsDead,
    device: 'tablet',
    reason: 'dead_socket',
    evidence: [`tablet: ${GONE}`, `tablet: ${NEVER}`],
  },
  {
    is: 'it is the one that is away that is asked about',
    told: async (story) => {
      await story.acknowledge('tv', START - 5)
      await phoneAppliesTabletIsDead(story)
    },
    device: 'tv',
    reason: 'no_device_connected',
    evidence: [
      `tv: not connected; it last told anything about ${timeAt(0)}`,
      `tv: its last acknowledgement is offset ${START - 5}, the event is at ${START}`,
    ],
  },
  {
    is: 'it is one that nobody knows that is asked about, though others of the user are known',
    told: phoneAppliesTabletIsDead,
    device: 'fone',
    reason: 'unknown_device',
    evidence: ['the user has no device of this name; those that are known: phone, tablet'],
  },
]
