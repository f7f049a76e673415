// The closing line of a run. On CI a skipped test is a failure: it would be one that nobody ever sees run.
import { existsSync, readFileSync } from 'node:fs'

const [file = '', status = '1'] = process.argv.slice(2)
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
const passed = report?.numPassedTests ?? 0
const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
const failed = (report?.numFailedTests ?? 0) + skipped
const green = status === '0' && passed > 0 && failed === 0
if (skipped > 0) console.log(`${skipped} tests were skipped; on CI none may be`)
if (report === undefined) console.log('the tests did not run: an earlier step of the check failed')
console.log(`${passed} passed, ${green ? 0 : Math.max(failed, 1)} failed`)
process.exitCode = green ? 0 : 1
