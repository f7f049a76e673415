/**
 * An hour of everything that can go wrong, against the built server:
 *
 *     npm run soak -- --minutes 60 --seed 1
 *
 * docs/soak.md says what is done and what is checked.
 */
import { tooManySockets } from '../../../bench/peers/machine-facts.ts'
import { Programs } from '../../../bench/peers/programs.ts'
import { OptionError, readOptions, type SoakOptions } from './options.ts'
import { row } from './report.ts'
import { Soak } from './soak.ts'

const EXIT_USAGE = 2

function optionsOrExit(): SoakOptions {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    console.error(`soak: ${error.message}`)
    process.exit(EXIT_USAGE)
  }
}

const options = optionsOrExit()
// The storm comes beside all others: of each user at most two devices and one behind the proxy.
const problem =
  new Programs().missing('redis-server', 'redis-server') ?? tooManySockets(options.storm + 3 * options.users)
if (problem !== undefined) {
  console.error(`soak: ${problem}`)
  process.exit(EXIT_USAGE)
}
const soak = new Soak(options, (line) => {
  console.error(line)
})
// The npm that runs this passes a Ctrl-C on that the terminal has sent to both.
let interrupted = -Infinity
process.on('SIGINT', () => {
  if (performance.now() - interrupted < 1000) return
  if (interrupted > 0) process.exit(130)
  interrupted = performance.now()
  console.error('coming to the end; once more ends at once')
  soak.stop()
})
process.on('SIGTERM', () => {
  process.exit(143)
})
console.error(`soak: ${JSON.stringify(options)}`)
const report = await soak.run()
console.log(JSON.stringify(report, undefined, 2))
console.log(`\n${row(report)}`)
if (report.faults.length > 0) process.exitCode = 1
// Whatever a fault has left hanging must not keep the process.
process.exit()
