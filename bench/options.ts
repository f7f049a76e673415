import { parseArgs } from 'node:util'

const EXIT_USAGE = 2

/**
 * What `read` makes of what stands behind the command. With `--help`, and with what it cannot use, the process says how it is used,
 * and ends.
 *
 * @param read throws with what is wrong
 */
export function optionsOrExit<T>(usage: string, read: (args: string[]) => T): T {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    process.stdout.write(`${usage.trim()}\n`)
    process.exit()
  }
  try {
    return read(args)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage.trim()}\n`)
    process.exit(EXIT_USAGE)
  }
}

/**
 * The same, of options that are whole numbers of at least 1.
 *
 * @param script its name in package.json
 * @param defaults what each is where it is left out
 * @param problemOf what is wrong with them together
 */
export function numbersOrExit<Name extends string>(
  script: string,
  defaults: Readonly<Record<Name, number>>,
  problemOf: (numbers: Readonly<Record<Name, number>>) => string | undefined = () => undefined,
): Readonly<Record<Name, number>> {
  const given = Object.entries<number>(defaults)
  const usage = `npm run ${script} -- ${given.map(([name, value]) => `[--${name} ${value}]`).join(' ')}`
  return optionsOrExit(usage, (args) => {
    const texts = given.map(([name, value]) => [name, { type: 'string', default: String(value) }] as const)
    const { values } = parseArgs({ args, options: Object.fromEntries(texts) })
    const numbers = Object.fromEntries(
      Object.entries(values).map(([name, text]) => [name, whole(`--${name}`, text, 1)]),
    ) as Record<Name, number>
    const problem = problemOf(numbers)
    if (problem !== undefined) throw new Error(problem)
    return numbers
  })
}

/** @throws with the option's name, what was given, and what would do */
export function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value
  throw new Error(`${name} is "${text}"; it must be a whole number of at least ${least}`)
}

/** @throws as `whole` */
export function positive(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new Error(`${name} is "${text}"; it must be a number above 0`)
}
