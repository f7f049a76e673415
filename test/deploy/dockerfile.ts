export interface Instruction {
  readonly name: string
  readonly rest: string
}

/** The instructions of a Dockerfile, by stages; each begins with its FROM. */
export function stagesOf(text: string): readonly (readonly Instruction[])[] {
  const stages: Instruction[][] = []
  const lines = text.split('\n').filter((line) => !line.startsWith('#'))
  for (const line of lines.join('\n').replaceAll('\\\n', ' ').split('\n')) {
    if (line.trim() === '') continue
    const [, name = '', rest = ''] = /^([A-Z]+) +(.+)$/.exec(line) ?? []
    if (name === '') throw new Error(`this is no instruction: ${line}`)
    if (name === 'FROM') stages.push([])
    stages.at(-1)?.push({ name, rest: rest.replaceAll(/ +/g, ' ') })
  }
  return stages
}

/** What all instructions of a name say. */
export const all = (stage: readonly Instruction[], name: string): string[] =>
  stage.filter((instruction) => instruction.name === name).map(({ rest }) => rest)

/** The list of an instruction that does without a shell. */
export function listIn(rest: string | undefined): string[] {
  const at = rest?.indexOf('[') ?? -1
  if (rest === undefined || at === -1) throw new Error(`this would run in a shell: ${rest}`)
  return JSON.parse(rest.slice(at)) as string[]
}

/** `NAME=value NAME=value` */
export function assignments(rest: readonly string[]): Record<string, string> {
  const pairs = rest.flatMap((text) => text.split(' ')).map((pair) => pair.split(/=(.*)/).slice(0, 2))
  return Object.fromEntries(pairs as [string, string][])
}
