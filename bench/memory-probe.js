// Loaded into the server by sockets.ts: answers each message with the memory that is in use after a collection.
process.on('message', () => {
  globalThis.gc()
  setTimeout(() => {
    globalThis.gc()
    process.send(process.memoryUsage())
  }, 500)
})
