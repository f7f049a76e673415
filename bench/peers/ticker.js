// Wakes the main thread when the next event is due. A timer of Node's is a millisecond coarse, and a loop that looks at the
// clock all the time would take one of the machine's cores from the server.
import { parentPort, workerData } from 'node:worker_threads'

const { beginNs, intervalNs, count } = workerData
const cell = new Int32Array(new SharedArrayBuffer(4))
for (let next = 0n; next < count; next++) {
  const left = Number(beginNs + next * intervalNs - process.hrtime.bigint()) / 1e6
  // One message does for all that are due already.
  if (left <= 0 && next + 1n < count && process.hrtime.bigint() > beginNs + (next + 1n) * intervalNs) continue
  if (left > 0) Atomics.wait(cell, 0, 0, left)
  parentPort.postMessage(0)
}
