import type { Disconnected } from '../../core/disconnect-user.ts'
import { ask } from './admin.ts'
import { print } from './print.ts'
import { segment } from './segment.ts'
import type { UserOptions } from './status.ts'
import { counted, timeText } from './times.ts'

/** Closes a user's connections, and has the tokens refused that they have. @throws CliError */
export async function disconnect({ user, json = false, ...options }: UserOptions): Promise<void> {
  const path = `/api/v1/users/${segment('user', user)}/connections`
  const { text, value } = await ask<Disconnected>(options, path, { method: 'DELETE' })
  const { closed, notBefore } = value
  const lines = [
    `${user} is disconnected: ${counted(closed, 'connection')} closed.`,
    `Tokens issued before ${timeText(notBefore)} are refused; with one issued later the user is let in again.`,
  ]
  print(json ? text : lines)
}
