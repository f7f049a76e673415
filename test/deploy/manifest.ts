/** A document of a YAML file: its values by their paths, such as `spec.containers.0.image`. */
export type Document = ReadonlyMap<string, string>

/** Part of a path, and how far its line is indented. */
interface Level {
  readonly indent: number
  readonly part: string
}

/**
 * Reads the YAML that deploy/ is written in: maps and lists in block style, one value a line. Everything else that YAML has is refused, so that
 * nothing is read wrong.
 */
export function documentsOf(text: string): readonly Document[] {
  return text.split(/^---\n/m).map(documentOf)
}

function documentOf(text: string): Document {
  const values = new Map<string, string>()
  let open: readonly Level[] = []
  const enter = (indent: number, part: string): void => {
    open = [...open.filter((level) => level.indent < indent), { indent, part }]
  }
  for (const line of text.split('\n').filter((each) => !/^ *(#|$)/.test(each))) {
    const [, space = '', dash, rest = ''] = /^( *)(- )?(.*)$/.exec(line) ?? []
    const [, key, value] = /^([\w./-]+):(?: (.+))?$/.exec(rest) ?? []
    const { length: indent } = space
    if (dash !== undefined) {
      const before = open.find((level) => level.indent === indent)
      enter(indent, before === undefined ? '0' : String(Number(before.part) + 1))
    }
    if (key !== undefined) enter(indent + (dash?.length ?? 0), key)
    else if (dash === undefined) throw new Error(`only maps and lists are read here: ${line}`)
    const said = key === undefined ? rest : value
    if (said !== undefined) set(values, open.map(({ part }) => part).join('.'), said)
  }
  return values
}

function set(values: Map<string, string>, path: string, said: string): void {
  if (values.has(path)) throw new Error(`${path} is there twice`)
  if (/^[[{&*!|>"%@`]| #/.test(said)) {
    throw new Error(`only plain and single-quoted values are read here: ${said}`)
  }
  const [, quoted] = /^'([^']*)'$/.exec(said) ?? []
  values.set(path, quoted ?? said)
}

/** The values under a path, by the rest of their paths. */
export function under(document: Document, path: string): Readonly<Record<string, string>> {
  const inside = [...document].filter(([each]) => each.startsWith(`${path}.`))
  return Object.fromEntries(inside.map(([each, value]) => [each.slice(path.length + 1), value]))
}
