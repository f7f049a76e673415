// @ts-check
/**
 * One execution environment of a function, as Lambda's runtime is one: it imports the handler once, then runs one event
 * after the other. Plain JavaScript, because a worker of Node 20 loads no TypeScript. It must not share anything with the
 * runner but what comes in `workerData`.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { pathToFileURL } from 'node:url'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'

/**
 * @typedef {{ event: string, deadline: number, context: object }} Invocation One event, as JSON, and until when it may run.
 * @typedef {(error: Error | null, bytes: number, data: string | NodeJS.ArrayBufferView) => void} Written
 */

/** @type {{ port: import('node:worker_threads').MessagePort, signal: Int32Array, file: string, exportName: string }} */
const { port, signal, file, exportName } = workerData

captureOutput()
const handler = await load()
if (handler) {
  port.postMessage({ type: 'ready' })
  for (let seen = 0; ; seen += 1) {
    // Lambda freezes what has answered: timers and open requests stand still until the next event.
    Atomics.wait(signal, 0, seen)
    const { message } = /** @type {{ message: Invocation }} */ (receiveMessageOnPort(port))
    port.postMessage(await run(message))
  }
}

/** Output of a worker normally waits for its event loop, which a frozen one does not turn; and file descriptors bypass it. */
function captureOutput() {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  /** @param {'stdout' | 'stderr'} stream @param {string | Uint8Array} chunk */
  const emit = (stream, chunk) => {
    const text = typeof chunk === 'string' ? chunk : decoders[stream].decode(chunk, { stream: true })
    port.postMessage({ type: 'output', stream, text })
  }
  for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
    /** @type {(chunk: string | Uint8Array, encoding?: BufferEncoding | (() => void), done?: () => void) => boolean} */
    const writeHere = (chunk, encoding, done) => {
      emit(stream, chunk)
      const callback = typeof encoding === 'function' ? encoding : done
      if (callback) queueMicrotask(() => callback())
      return true
    }
    process[stream].write = writeHere
  }
  const { writeSync, write } = fs
  /** @param {number} fd */
  const streamOf = (fd) => (fd === 1 ? 'stdout' : 'stderr')
  /** @param {string | NodeJS.ArrayBufferView} data */
  const textOf = (data) =>
    typeof data === 'string' ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  /** @param {string | NodeJS.ArrayBufferView} data */
  const size = (data) => (typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength)
  /** @type {(fd: number, data: string | NodeJS.ArrayBufferView, ...rest: unknown[]) => number} */
  const writeSyncHere = (fd, data, ...rest) => {
    if (fd !== 1 && fd !== 2) return Reflect.apply(writeSync, fs, [fd, data, ...rest])
    emit(streamOf(fd), textOf(data))
    return size(data)
  }
  /** @type {(fd: number, data: string | NodeJS.ArrayBufferView, ...rest: unknown[]) => void} */
  const writeHere = (fd, data, ...rest) => {
    if (fd !== 1 && fd !== 2) return Reflect.apply(write, fs, [fd, data, ...rest])
    const done = /** @type {Written} */ (rest.at(-1))
    emit(streamOf(fd), textOf(data))
    done(null, size(data), data)
  }
  Object.assign(fs, { writeSync: writeSyncHere, write: writeHere })
  syncBuiltinESMExports()
}

async function load() {
  try {
    const module = await import(pathToFileURL(file).href)
    const found = module[exportName] ?? module.default?.[exportName]
    if (typeof found !== 'function') {
      throw named('Runtime.HandlerNotFound', `${file} does not export a function ${exportName}`)
    }
    if (found.length > 2) {
      throw named(
        'Runtime.CallbackHandlerDeprecated',
        `${exportName} takes a callback; Node 24 on Lambda calls none`,
      )
    }
    return found
  } catch (error) {
    port.postMessage({ type: 'initFailed', error: describe(error) })
    return undefined
  }
}

/** @param {Invocation} invocation */
async function run({ event, deadline, context }) {
  try {
    const remaining = () => Math.max(0, deadline - Date.now())
    const result = await handler(JSON.parse(event), { ...context, getRemainingTimeInMillis: remaining })
    return { type: 'returned', json: marshal(result) }
  } catch (error) {
    return { type: 'threw', error: describe(error) }
  }
}

/** @param {unknown} result */
function marshal(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null'
  } catch (error) {
    throw named('Runtime.MarshalError', `Unable to stringify response body: ${String(error)}`)
  }
}

/** @param {string} name @param {string} message */
function named(name, message) {
  return Object.assign(new Error(message), { name })
}

/** As Lambda's Node runtime. @param {unknown} error */
function describe(error) {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] }
}
