/** Answers without an end. */
import { Readable, type Writable } from 'node:stream'
import { onTestFinished } from 'vitest'

/** A byte now and then, so that the connection is never idle; or as much as is taken. */
export type Pace = 'drip' | 'flood'

export function endlessly(pace: Pace, stream: Writable): void {
  stream.on('error', () => undefined)
  if (pace === 'flood') {
    const chunk = Buffer.alloc(65_536, 'x')
    const source = new Readable({
      read() {
        this.push(chunk)
      },
    })
    source.pipe(stream)
    stream.on('close', () => source.destroy())
    return
  }
  const timer = setInterval(() => stream.write('x'), 300)
  const end = (): void => {
    clearInterval(timer)
  }
  stream.on('close', end)
  onTestFinished(end)
}
