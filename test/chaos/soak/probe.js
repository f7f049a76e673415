// Loaded into the server: sets its clock, and tells what memory is in use after a collection.
const realNow = Date.now
let offset = Number(process.env.SOAK_CLOCK_OFFSET ?? 0)
Date.now = () => realNow() + offset

process.on('message', ({ clock }) => {
  if (clock !== undefined) offset = clock
  else tellMemory()
})

/** Twice: what the first collection finalizes is freed by the second. */
function tellMemory() {
  globalThis.gc()
  setTimeout(() => {
    globalThis.gc()
    process.send(process.memoryUsage())
  }, 100)
}
