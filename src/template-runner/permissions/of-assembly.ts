import type { Assembly } from '../template/assembly.ts'
import { Intrinsics } from '../template/intrinsics.ts'
import { Stack } from '../template/stack.ts'
import type { PolicyTemplate, Resolve } from './template.ts'

/** What the proof needs of an assembly that the runner runs: the same names and ARNs come out as in its calls. */
export function policiesOf(assembly: Assembly): {
  readonly template: PolicyTemplate
  readonly resolve: Resolve
} {
  const intrinsics = new Intrinsics(assembly.template, new Stack(assembly).surroundings)
  const existing = [...assembly.template.resources].filter(
    ([, { condition }]) => condition === undefined || intrinsics.condition(condition),
  )
  return {
    template: {
      Resources: Object.fromEntries(
        existing.map(([id, { type, properties }]) => [id, { Type: type, Properties: properties }]),
      ),
    },
    resolve: (value) => intrinsics.resolve(value, 'a policy'),
  }
}
