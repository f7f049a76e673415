import fc from 'fast-check'
import { plans } from './plan.ts'
import { World } from './world.ts'
const runs = Number(process.argv[2] ?? 200), seed = Number(process.argv[3] ?? 1)
const t = Date.now(); let excused = 0; let n = 0; const kinds: Record<string, number> = {}; const first: Record<string, string> = {}
const shrink = process.argv[4]
const r = await fc.check(fc.asyncProperty(plans, async (plan) => {
  const w = new World(); n++
  try { await w.follow(plan) } catch (e) {
    const m = String((e as Error).message)
    if (shrink && m.includes(shrink)) throw e
    for (const l of m.split('\n')) { const k = l.split(':')[0]!; first[k] ??= l }
    for (const l of new Set(m.split('\n').map(l => l.split(':')[0]!))) kinds[l] = (kinds[l] ?? 0) + 1
  }
  excused += w.truth.excused
}), { numRuns: runs, seed })
console.log({ n, ms: Date.now() - t, excused, kinds })
if (!shrink) for (const l of Object.values(first)) console.log(l.slice(0, 1500), '\n')
if (r.failed) { console.log(String((r.errorInstance as Error)?.stack).slice(0, 6000)); console.log(JSON.stringify(r.counterexample, null, 1)) }
