#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { Command } from 'commander'
import { addBridge } from './bridge/command.ts'
import { addDoctor } from './doctor/command.ts'
import { parseDuration } from './duration.ts'
import { emit } from './emit.ts'
import { variable } from './environment.ts'
import { CliError } from './errors.ts'
import { addInspection } from './inspect/command.ts'
import { printable } from './printable.ts'
import { tail } from './tail.ts'
import { mintToken, publisherToken } from './tokens.ts'

const HTTP_URL = variable('FANOUT_HTTP_URL') ?? 'http://127.0.0.1:3000'
const WS_URL = variable('FANOUT_WS_URL') ?? 'ws://127.0.0.1:3001'

const program = new Command('fanout')
  .description('Publish events, see them arrive, and find out why one did not.')
  .version(version())
  .showHelpAfterError()

program
  .command('token')
  .description('print a token signed with JWT_SECRET, or with the secret that the server keeps in DATA_DIR')
  .requiredOption('--user <id>', 'the user whom the token is for')
  .option('--scope <scopes>', 'what it allows beyond reading: events:publish, events:admin')
  .option('--expires <duration>', 'how long it is good, as 90s, 15m, 1h, 7d', '1h')
  .action(async ({ user, scope, expires }: { user: string; scope?: string; expires: string }) => {
    process.stdout.write(`${await mintToken(user, parseDuration(expires), scope)}\n`)
  })

program
  .command('emit')
  .description('publish one event, or an array of up to 100')
  .argument('<json>', 'the event as JSON, or - to read it from standard input')
  .option('--url <url>', 'the server', HTTP_URL)
  .option(
    '--token <jwt>',
    'a token with the scope events:publish (or FANOUT_TOKEN); made from the secret if left out',
  )
  .action(async (json: string, { url, token }: { url: string; token?: string }) => {
    const body = json === '-' ? await text(process.stdin) : json
    await emit(url, await publisherToken(token), body)
  })

program
  .command('tail')
  .description(
    'print the events of one user as they come, one JSON object a line; resumes after a lost connection',
  )
  .option('--user <id>', 'the user; needs the secret')
  .option('--token <jwt>', 'a token of the user (or FANOUT_TOKEN), instead of --user')
  .option('--after <offset>', 'start after this offset; 0 is the oldest event kept', 'now')
  .option('--url <url>', 'the WebSocket address', WS_URL)
  .action(async (options: { user?: string; token?: string; after: string; url: string }) => {
    await tail(options)
  })

addInspection(program, HTTP_URL)
addDoctor(program)
addBridge(program)

function version(): string {
  const manifest = new URL('../../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

// Whoever reads the output may stop first, as `fanout tail … | head -1` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CliError)) throw error
  process.stderr.write(`fanout: ${printable(error.message)}\n`)
  process.exitCode = error.exitCode
}
