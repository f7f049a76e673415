import { type Command, Option } from 'commander'
import { SettingError } from '../../process/settings.ts'
import { CliError } from '../errors.ts'
import { orTwo } from '../inspect/command.ts'
import { doctor, type DoctorOptions } from './doctor.ts'

/** `fanout doctor`. */
export function addDoctor(program: Command): void {
  orTwo(program.command('doctor'))
    .description(
      'check a running deployment link by link, with synthetic events to two synthetic users; exit status 0 if all holds, 1 if something does not, 2 if it could not begin',
    )
    .option('--url <url>', 'the server (or FANOUT_HTTP_URL); http://127.0.0.1:3000 if left out')
    .option('--ws-url <url>', 'its WebSocket address (or FANOUT_WS_URL); ws://127.0.0.1:3001 if left out')
    .option('--origin <origin>', 'where pages that connect come from, as https://app.example.com')
    .option('--redis <url>', 'a Redis that events come from, as for "fanout bridge" (or REDIS_URL)')
    .option('--channel <name>', 'its channel and stream (or REDIS_CHANNEL); business-events if left out')
    .addOption(
      new Option(
        '--from <source>',
        'whether bridges take from the channel or the stream (or REDIS_FROM)',
      ).choices(['pubsub', 'stream']),
    )
    .option('--timeout <duration>', 'how long one answer or arrival may take', '10s')
    .option('--deadline <duration>', 'how long all of it may take', '2m')
    .option(
      '--reader-token <jwt...>',
      'tokens of two users, where keys are an issuer’s (or FANOUT_READER_TOKEN and FANOUT_READER_TOKEN_2); their logs get the synthetic events',
    )
    .option('--token <jwt>', 'a token with the scope events:publish (or FANOUT_TOKEN)')
    .option('--admin-token <jwt>', 'a token with the scope events:admin (or FANOUT_ADMIN_TOKEN)')
    .option('--json', 'one JSON object, {ok, links}, and nothing else on standard output')
    .action(async (options: DoctorOptions) => {
      if (!(await orCannotBegin(options))) process.exitCode = 1
    })
}

async function orCannotBegin(options: DoctorOptions): Promise<boolean> {
  try {
    return await doctor(options)
  } catch (error) {
    const isOfUser = error instanceof CliError || error instanceof SettingError
    throw isOfUser ? new CliError(error.message, 2) : error
  }
}
