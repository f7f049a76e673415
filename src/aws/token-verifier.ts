import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { createTokenVerifier, type VerifierOptions } from '../auth/verify-token.ts'
import { FanoutError } from '../core/errors.ts'
import type { Clock, Identity, Logger, TokenVerifier } from '../core/ports.ts'

export interface SecretTokenVerifierOptions extends Omit<VerifierOptions, 'keys'> {
  readonly client: SecretsManagerClient
  readonly secretArn: string
  readonly clock: Clock
  readonly logger: Logger
}

/** How long a secret is used before it is looked at again: after that a rotation is known everywhere. */
const FRESH_MS = 5 * 60_000

/** How long an old one is used while a newer cannot be had: an outage of Secrets Manager is not one of ours. */
const USABLE_MS = 60 * 60_000

/** Between tries to get a newer one, while there is an old one. */
const RETRY_MS = 30_000

interface Held {
  readonly verifier: TokenVerifier
  readonly usableUntil: number
  readonly nextFetch: number
}

/** Verifies tokens with a secret that is in Secrets Manager: fetched when the first token comes, and again every few minutes. */
export class SecretTokenVerifier implements TokenVerifier {
  readonly #options: SecretTokenVerifierOptions
  #held: Held | undefined
  #fetching: Promise<TokenVerifier> | undefined

  constructor(options: SecretTokenVerifierOptions) {
    this.#options = options
  }

  async verify(token: string | undefined): Promise<Identity> {
    return (await this.#current()).verify(token)
  }

  async #current(): Promise<TokenVerifier> {
    if (this.#held !== undefined && this.#now() < this.#held.nextFetch) return this.#held.verifier
    // Awaited, though an old one may be at hand: what is not awaited stops when the function freezes.
    this.#fetching ??= this.#renew().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #renew(): Promise<TokenVerifier> {
    try {
      const verifier = createTokenVerifier({ ...this.#options, keys: { secret: await this.#fetch() } })
      const now = this.#now()
      this.#held = { verifier, usableUntil: now + USABLE_MS, nextFetch: now + FRESH_MS }
      return verifier
    } catch (error) {
      const { secretArn, logger } = this.#options
      logger.error({ err: error, secretArn }, 'the token secret cannot be used')
      return this.#fallBack(error)
    }
  }

  #fallBack(error: unknown): TokenVerifier {
    const now = this.#now()
    if (this.#held !== undefined && now < this.#held.usableUntil) {
      this.#held = { ...this.#held, nextFetch: now + RETRY_MS }
      return this.#held.verifier
    }
    const reason = error instanceof Error ? error.message : String(error)
    throw new FanoutError(
      'unavailable',
      `the token secret ${this.#options.secretArn} cannot be used: ${reason}`,
    )
  }

  async #fetch(): Promise<string> {
    const { client, secretArn } = this.#options
    const { SecretString: secret } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }))
    if (secret === undefined) throw new Error('it holds bytes; it must be a string')
    return secret
  }

  #now(): number {
    return this.#options.clock.now()
  }
}
