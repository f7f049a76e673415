import type { Command } from 'commander'
import { CliError } from '../errors.ts'
import { disconnect } from './disconnect.ts'
import { status, type UserOptions } from './status.ts'
import { trace, type TraceOptions } from './trace.ts'
import { why, type WhyOptions } from './why.ts'

/** How an event is named. */
const EVENT =
  'its id, or the event as JSON, or - for either on standard input; a CloudEvent, and an event without an id, by its JSON'

/** The commands of whoever has to find out why a screen did not update. */
export function addInspection(program: Command, url: string): void {
  const admin = (command: Command): Command =>
    command
      .option('--url <url>', 'the server', url)
      .option(
        '--token <jwt>',
        'a token with the scope events:admin (or FANOUT_ADMIN_TOKEN); made from the secret if left out',
      )
      .option('--json', 'the server’s answer as it is')

  admin(program.command('trace'))
    .description('print the way of one event to each person and device')
    .argument('<event>', EVENT)
    .option('--payload', 'the event itself as well')
    .action(async (event: string, options: TraceOptions) => trace(event, options))

  orTwo(admin(program.command('why')))
    .description(
      'say why a user’s screen did or did not show an event; exit status 0 if it was applied, else 1. Of one that was accepted with 202 it says never_published until it comes out of the queue',
    )
    .requiredOption('--user <id>', 'whose screen')
    .requiredOption('--event <event>', EVENT)
    .option('--device <name>', 'of one device alone')
    .action(async (options: WhyOptions) => {
      if (!(await orExitTwo(why(options)))) process.exitCode = 1
    })

  admin(program.command('status'))
    .description('print what is known of a user: connections, devices, how far each has come')
    .requiredOption('--user <id>', 'the user')
    .action(async (options: UserOptions) => status(options))

  admin(program.command('disconnect'))
    .description('close a user’s connections, and refuse the tokens that they have')
    .requiredOption('--user <id>', 'the user')
    .action(async (options: UserOptions) => disconnect(options))
}

/** Of a command whose exit status 1 is an answer: what is wrong with its options is no answer. */
export function orTwo(command: Command): Command {
  return command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
}

async function orExitTwo<T>(finding: Promise<T>): Promise<T> {
  return finding.catch((error: unknown) => {
    throw error instanceof CliError ? new CliError(error.message, 2) : error
  })
}
