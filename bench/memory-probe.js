// Loaded into the server, see memory.ts: answers each message with the memory that is in use after a collection.
process.on('message', () => {
  globalThis.gc()
  setTimeout(() => {
    globalThis.gc()
    process.send(process.memoryUsage())
  }, 500)
})
