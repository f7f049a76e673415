import type { Environment } from './environment.ts'
import type { ConnectOptions } from './options.ts'

/** What the parts of one client share: the app's options, the platform, who it is for, and somewhere to write. */
export interface Context extends Omit<ConnectOptions, keyof Environment>, Environment {
  /** Known once a token and the storage have told; before that nobody asks. */
  readonly me: { user: string | undefined; device: string }
  /** One line of the log: its parts with blanks between them. */
  readonly say: (...parts: unknown[]) => void
}
