import { type Command, Option } from 'commander'
import { SettingError } from '../../process/settings.ts'
import { CliError } from '../errors.ts'
import { listDeadLetters, type ListOptions } from './dead.ts'
import { replay, type ReplayOptions } from './replay.ts'
import { runBridge } from './run.ts'
import type { BridgeOptions } from './options.ts'

/** `fanout bridge`, and what it leaves behind for people to look at. */
export function addBridge(program: Command): void {
  const bridge = program
    .command('bridge')
    .description('bring what a backend publishes in Redis to an event-fanout server, or to its queue on AWS')
    .addOption(
      new Option(
        '--from <source>',
        'the channel (pubsub), or the stream of the same name (or REDIS_FROM)',
      ).choices(['pubsub', 'stream']),
    )
    .option(
      '--port <port>',
      'where /health, /live and /metrics are served (or BRIDGE_PORT); 3002 if left out',
    )
    .action(async (options: BridgeOptions) => withSettings(async () => runBridge(options)))
  withTarget(withRedis(bridge)).showHelpAfterError('See "fanout bridge --help".')

  withRedis(bridge.command('dead').showHelpAfterError('See "fanout bridge dead --help".'))
    .description('list messages that could not be published, and why, the newest last')
    .option('--limit <n>', 'how many at most', '100')
    .option('--json', 'one JSON object a line')
    .action(async (_: unknown, command: Command) =>
      withSettings(async () => listDeadLetters(command.optsWithGlobals<ListOptions>())),
    )

  withTarget(withRedis(bridge.command('replay').showHelpAfterError('See "fanout bridge replay --help".')))
    .description('publish dead letters once more; those that are taken are removed')
    .argument('[id...]', 'which, as "fanout bridge dead" lists them')
    .option('--all', 'all of them, the oldest first')
    .option('--with <json>', 'publish this instead of the message, or - for standard input; for one letter')
    .action(async (ids: string[], _: unknown, command: Command) =>
      withSettings(async () => replay(ids, command.optsWithGlobals<ReplayOptions>())),
    )
}

function withRedis(command: Command): Command {
  return command
    .option(
      '--redis <url>',
      'redis://, rediss:// (TLS), redis+cluster:// or redis+sentinel:// (or REDIS_URL; the password is better in REDIS_PASSWORD)',
    )
    .option('--channel <name>', 'the channel, and the stream (or REDIS_CHANNEL); business-events if left out')
}

function withTarget(command: Command): Command {
  return command
    .option('--to <url>', 'the server (or FANOUT_HTTP_URL); http://127.0.0.1:3000 if left out')
    .option('--queue <url>', 'the SQS FIFO queue to send to, instead of a server (or EVENTS_QUEUE_URL)')
    .option(
      '--token-file <path>',
      'a file with a token that has the scope events:publish, read anew for each request (or FANOUT_TOKEN_FILE); else FANOUT_TOKEN, or one made from the secret',
    )
}

async function withSettings(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    throw error instanceof SettingError ? new CliError(error.message) : error
  }
}
