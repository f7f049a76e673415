import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A place for the data folder that can be full. */
export interface Disk {
  readonly dataDir: string
  /** How it gets full, for the report. */
  readonly kind: string
  /** From now on no file of the server grows. */
  fill(pid: number): void
  free(pid: number): void
  dispose(): void
}

/**
 * A filesystem of its own where the machine lets us have one, which takes root and a loop device; else a limit to the size
 * of the server's files, which every user may set for a process of theirs, and which works in any container.
 */
export function makeDisk(megabytes: number): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'event-fanout-soak-'))
  try {
    return new LoopDisk(folder, megabytes)
  } catch (error) {
    const reason = (error as { stderr?: Buffer }).stderr?.toString().trim() ?? String(error)
    return new LimitedFiles(folder, reason)
  }
}

const FEW = 1024 * 1024

/** ext4 in a file: the kernel itself says that there is no space left. */
class LoopDisk implements Disk {
  readonly kind = 'ext4 on a loop device, filled to the last byte'
  readonly dataDir: string
  readonly #folder: string
  readonly #mount: string

  /** @throws if there is no such filesystem to be had here */
  constructor(folder: string, megabytes: number) {
    this.#folder = folder
    this.#mount = join(folder, 'mount')
    this.dataDir = join(this.#mount, 'data')
    const image = join(folder, 'image')
    writeFileSync(image, '')
    // Sparse: takes on the real disk what is really written.
    truncateSync(image, megabytes * 1024 * 1024)
    run('mkfs.ext4', '-q', '-F', '-m', '0', image)
    mkdirSync(this.#mount)
    run('mount', '-o', 'loop', image, this.#mount)
  }

  fill(): void {
    const { bavail, bsize } = statfsSync(this.#mount)
    // Most of it without writing anything, the rest byte by byte.
    run('fallocate', '-l', String(Math.max(1, bavail * bsize - FEW)), join(this.#mount, 'ballast'))
    for (const bytes of [65_536, 4096, 512, 1]) this.#appendUntilFull(Buffer.alloc(bytes))
  }

  free(): void {
    for (const name of ['ballast', 'more-ballast']) rmSync(join(this.#mount, name), { force: true })
  }

  dispose(): void {
    // Lazily: a process that was killed may not have let go yet.
    run('umount', '-l', this.#mount)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #appendUntilFull(bytes: Buffer): void {
    for (;;) {
      try {
        appendFileSync(join(this.#mount, 'more-ballast'), bytes)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return
        throw error
      }
    }
  }
}

/** RLIMIT_FSIZE at the size that the database has: as on a full disk it can be written, but does not grow. */
class LimitedFiles implements Disk {
  readonly kind: string
  readonly dataDir: string
  readonly #folder: string

  constructor(folder: string, reason: string) {
    this.kind = `a limit to the size of files (RLIMIT_FSIZE), for there is no loop device: ${reason}`
    this.#folder = folder
    this.dataDir = join(folder, 'data')
  }

  fill(pid: number): void {
    this.#limit(pid, String(statSync(join(this.dataDir, 'events.mdb')).size))
  }

  free(pid: number): void {
    // Killed meanwhile, and whoever came after it has no limit.
    if (!existsSync(`/proc/${pid}/limits`)) return
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
    const [, hard = 'unlimited'] = /^Max file size +\S+ +(\S+)/m.exec(limits) ?? []
    this.#limit(pid, hard)
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** The soft limit alone: without privileges the hard one could never be raised again. */
  #limit(pid: number, bytes: string): void {
    run('prlimit', '--pid', String(pid), `--fsize=${bytes}:`)
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
