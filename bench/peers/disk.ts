/** What the disk does by itself: nobody who flushes before he answers can be faster, nor even out what the disk's own pauses are. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spreadOf, type Spread } from './statistics.ts'

const PAGE = Buffer.alloc(4096, 1)
const PAGES = 1024

/** Flushes of 4 KiB into a file that has its length, one after the other, at most so many a second; in milliseconds. */
export async function diskAlone(folder: string, rate: number, seconds: number): Promise<Spread> {
  const file = openSync(join(folder, 'disk'), 'w')
  try {
    for (let page = 0; page < PAGES; page++) writeSync(file, PAGE)
    fdatasyncSync(file)
    const taken: number[] = []
    const begin = performance.now()
    for (let now = begin; now < begin + seconds * 1000; now = performance.now()) {
      writeSync(file, PAGE, 0, PAGE.length, (taken.length % PAGES) * PAGE.length)
      fdatasyncSync(file)
      taken.push(performance.now() - now)
      await sleep(begin + (taken.length * 1000) / rate - performance.now())
    }
    return spreadOf(taken)
  } finally {
    closeSync(file)
  }
}
