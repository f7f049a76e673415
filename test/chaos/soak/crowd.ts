import { issueToken } from '../../../src/auth/issue-token.ts'
import { HttpClient } from '../http-client.ts'
import type { Random } from '../random.ts'
import { Reader } from '../reader.ts'
import { SECRET } from '../server-process.ts'
import type { Ledger } from './ledger.ts'
import { Poller } from './poller.ts'

export interface CrowdOptions {
  readonly users: number
  readonly wsUrl: string
  readonly proxyUrl: string
  readonly httpUrl: string
  readonly ledger: Ledger
  readonly random: Random
  readonly report: (fault: string) => void
  readonly silentMs: number
}

/** In seconds: so long that no step of the clock makes a token expire. */
export const TOKEN_LIFETIME = 100 * 24 * 60 * 60

const PING_MS = 1500
/** Every so many users have a device behind the proxy, and a device that polls. */
const PROXIED_EVERY = 6
const POLLING_EVERY = 8

/** All who read: at sockets, behind the proxy, and by polling. */
export class Crowd {
  readonly tokens = new Map<string, string>()
  /** For whoever reads a user's log over HTTP. */
  readonly clients = new Map<string, HttpClient>()
  readonly readers: Reader[] = []
  readonly proxied: Reader[] = []
  readonly pollers: Poller[] = []

  static async gather(options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd()
    for (let user = 0; user < options.users; user++) {
      const userId = `user-${user}`
      const token = await issueToken(SECRET, { userId, expiresIn: TOKEN_LIFETIME })
      crowd.tokens.set(userId, token)
      crowd.clients.set(userId, new HttpClient(options.httpUrl, token))
    }
    crowd.#open(options)
    return crowd
  }

  get all(): readonly (Reader | Poller)[] {
    return [...this.readers, ...this.proxied, ...this.pollers]
  }

  /** What a count of the readers at sockets adds up to. */
  sum(count: keyof Reader['counts']): number {
    return [...this.readers, ...this.proxied].reduce((total, { counts }) => total + counts[count], 0)
  }

  /** Takes what readers found that the protocol rules out. */
  takeFaults(): string[] {
    return [...this.readers, ...this.proxied].flatMap(({ userId, faults }) =>
      faults.splice(0).map((fault) => `a reader of ${userId}: ${fault}`),
    )
  }

  leave(): void {
    for (const reader of [...this.readers, ...this.proxied]) reader.stop()
    for (const poller of this.pollers) poller.stop()
  }

  close(): void {
    this.leave()
    for (const client of this.clients.values()) client.close()
  }

  #open({ wsUrl, proxyUrl, ledger, random, report, silentMs }: CrowdOptions): void {
    for (const [user, [userId, token]] of [...this.tokens].entries()) {
      const reader = (url: string): Reader =>
        new Reader(userId, url, token, {
          ...{ pingMs: PING_MS, silentMs },
          onSeen: (offset, text) => {
            ledger.seen('a reader', userId, offset, text)
          },
        })
      for (let device = random.whole(1, 2); device > 0; device--) this.readers.push(reader(wsUrl))
      if (user % PROXIED_EVERY === 0) this.proxied.push(reader(proxyUrl))
      const client = this.clients.get(userId)
      if (user % POLLING_EVERY === 0 && client !== undefined) {
        this.pollers.push(new Poller(userId, client, ledger, report))
      }
    }
  }
}
