/** Where the CPU time of one client's calls goes, by who made the code that was running. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClientName, cpuOfCall, type Given } from './clients.ts'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const WIDTH = 10

/** The first that fits the function's name and the file's. */
const CATEGORIES: readonly (readonly [name: string, fits: RegExp])[] = [
  ['idle', /^\(idle\)/],
  ['garbage collection', /^\(garbage collector\)/],
  ['system calls of sockets', /^(writev|writeUtf8String|writeLatin1String|writeBuffer|readStart|shutdown) $/],
  ['middleware put together and run', /@smithy\/core\/.*(submodules\/client|\/transport)\//],
  [
    'serialization by schemas',
    /@smithy\/core\/.*submodules\/(protocols|schema|serde)\/|dynamodb-codec|core\/.*protocols/,
  ],
  ['documents to attributes and back', /lib-dynamodb|util-dynamodb/],
  ['signatures', /signature|httpAuth|internal\/crypto|@smithy\/core\/.*\/checksum\//],
  ['endpoints, retries, user agent, and what else is of the SDK', /@smithy|@aws-sdk|@aws\//],
  ['ours (src/aws)', /src\/aws\//],
  ['node:http, streams and sockets', / node:(_http|http|net|_?stream|events|internal\/(http|stream|timers))/],
  ['loading modules', /node:internal\/(modules|source_map)|node:module|tsx|esbuild|^compile/],
  ['the rest of Node', / node:/],
  ['built into V8', /^/],
]

/**
 * @param folder an empty one, for the profile
 * @returns for each category its share of the busy time
 */
export async function profileOf(
  name: ClientName,
  given: Given,
  folder: string,
): Promise<ReadonlyMap<string, number>> {
  await cpuOfCall(name, WIDTH, given, ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', folder])
  // tsx has threads of its own; the main one made the calls, and most samples.
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
  const [longest = ''] = texts.toSorted((a, b) => b.length - a.length)
  return shares(JSON.parse(longest) as Profile)
}

function shares({ nodes, samples, timeDeltas }: Profile): ReadonlyMap<string, number> {
  const categories = new Map(nodes.map(({ id, callFrame }) => [id, categoryOf(callFrame)]))
  const times = new Map(CATEGORIES.map(([category]) => [category, 0]))
  for (const [i, id] of samples.entries()) {
    const category = categories.get(id) ?? ''
    times.set(category, (times.get(category) ?? 0) + (timeDeltas[i] ?? 0))
  }
  times.delete('idle')
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0)
  return new Map([...times].map(([category, time]) => [category, time / busy]))
}

function categoryOf({ functionName, url }: Profile['nodes'][number]['callFrame']): string {
  const place = `${functionName} ${url}`
  return CATEGORIES.find(([, fits]) => fits.test(place))?.[0] ?? ''
}
