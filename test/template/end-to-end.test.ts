/** What would be deployed, tried before it is: the synthesized template, under the suite that every deployment passes. */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { policiesOf } from '../../src/template-runner/permissions/of-assembly.ts'
import { type PermissionProof, provePermissions } from '../../src/template-runner/permissions/proof.ts'
import { permissionReport } from '../../src/template-runner/permissions/report.ts'
import type { Assembly } from '../../src/template-runner/template/assembly.ts'
import { Client, handshake } from '../e2e/client.ts'
import { post, recent } from '../e2e/http.ts'
import { hs256, tokenFor, unique } from '../e2e/tokens.ts'
import { describeAdministering } from './administering.ts'
import { BACKEND, serveStack } from './served.ts'

const root = join(import.meta.dirname, '../..')
const target = serveStack({ props: { eventBridge: { eventPattern: { source: ['school'] } } } })

/** The suite takes a minute or two on a small machine. */
const SUITE_MS = 600_000

interface SuiteReport {
  readonly numPassedTests: number
  readonly numTotalTests: number
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** Runs `test/e2e` in a process of its own, as anybody would against a deployment: by URL. */
async function runSuite(): Promise<SuiteReport> {
  const report = join(tmpdir(), `${unique('fanout-suite')}.json`)
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const child = spawn(
    process.execPath,
    [vitest, 'run', 'test/e2e', '--reporter=json', `--outputFile=${report}`],
    {
      cwd: root,
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        FANOUT_HTTP_URL: target.httpUrl,
        FANOUT_WS_URL: target.wsUrl,
        JWT_SECRET: target.secret,
      },
    },
  )
  await new Promise((resolve) => child.once('close', resolve))
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as SuiteReport
  } finally {
    rmSync(report, { force: true })
  }
}

async function sendToQueue(body: string, group: string): Promise<void> {
  await target.sqs.send(
    new SendMessageCommand({
      QueueUrl: target.queueUrl,
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: unique('message'),
    }),
  )
}

describe('the template', () => {
  it('passes the end-to-end suite', { timeout: SUITE_MS }, async () => {
    const report = await runSuite()
    const wrong = report.testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status !== 'passed')
      .map(({ fullName, status, failureMessages }) => [fullName, status, ...failureMessages].join('\n'))
    expect(wrong).toEqual([])
    expect(report.numPassedTests).toBe(report.numTotalTests)
    expect(report.numPassedTests).toBeGreaterThan(400)
  })

  it('publishes what comes through the queue', async () => {
    const [trainerId, studentId] = [unique('trainer'), unique('student')]
    const [trainer, student] = [
      await Client.connect(target, trainerId),
      await Client.connect(target, studentId),
    ]
    const event = { type: 'SESSION_COMPLETED', id: unique('event'), trainerId, studentId }
    await sendToQueue(JSON.stringify(event), trainerId)
    expect(await trainer.next()).toMatchObject({ type: 'event', event })
    expect(await student.next()).toMatchObject({ type: 'event', event })
    expect((await recent(target, studentId)).events).toMatchObject([{ event }])
  })

  it('puts what prefers no waiting into the queue, and publishes it from there', async () => {
    const userId = unique('user')
    const client = await Client.connect(target, userId)
    const event = { type: 'T', id: unique('event'), userId }
    const { status, headers, json } = await post(target, event, undefined, { prefer: 'respond-async' })
    expect({ status, json }).toEqual({ status: 202, json: { id: event.id, queued: true } })
    expect(headers.get('preference-applied')).toBe('respond-async')
    expect(await client.next()).toMatchObject({ type: 'event', event })
  })

  it('publishes what a rule of EventBridge matches', async () => {
    const userId = unique('user')
    const client = await Client.connect(target, userId)
    const detail = { type: 'T', id: unique('event'), userId }
    await target.running.putEvents([
      { Source: 'school', DetailType: 'session', Detail: JSON.stringify(detail) },
      { Source: 'shop', DetailType: 'session', Detail: JSON.stringify({ ...detail, id: unique('other') }) },
    ])
    expect(await client.next()).toMatchObject({ type: 'event', event: detail })
    await target.running.asyncIdle()
    expect((await recent(target, userId)).events).toHaveLength(1)
  })

  it('puts what can never be published away, with its reason, and goes on with the group', async () => {
    const userId = unique('user')
    const client = await Client.connect(target, userId)
    const bad = '{"type":"T","timestamp":1,"note":"nobody"}'
    const good = { type: 'T', id: unique('event'), userId }
    await sendToQueue(bad, userId)
    await sendToQueue(JSON.stringify(good), userId)
    expect(await client.next()).toMatchObject({ type: 'event', event: good })
    const { Messages: [dead] = [] } = await target.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: target.deadLetterQueueUrl,
        MessageAttributeNames: ['All'],
        WaitTimeSeconds: 20,
      }),
    )
    expect(dead?.Body).toBe(bad)
    expect(dead?.MessageAttributes?.['code']?.StringValue).toBe('no_recipients')
  })

  it('gets back in seconds what failed, for the function says so to the queue', async () => {
    const userId = unique('user')
    const client = await Client.connect(target, userId)
    const { faults, recording } = target.running
    const eventId = target.idOf('event')
    faults.before = ({ caller, operation }) =>
      caller === eventId && operation === 'PutItem'
        ? { status: 400, errorType: 'AccessDeniedException' }
        : undefined
    const event = { type: 'T', id: unique('event'), userId }
    await sendToQueue(JSON.stringify(event), userId)
    await recording.when(({ calls }) =>
      calls.some(
        ({ caller, operation, status }) =>
          caller === eventId && operation === 'ChangeMessageVisibilityBatch' && status === 200,
      ),
    )
    faults.before = undefined
    // The queue's own timeout, 6 minutes, would be longer than a test may take.
    expect(await client.next()).toMatchObject({ type: 'event', event })
  })

  it('closes a connection whose token has ended when an event comes through the queue', async () => {
    const userId = unique('user')
    const ended = hs256(target.secret, { sub: userId, exp: Date.now() / 1000 - 0.001 })
    const client = await Client.over(handshake(target.wsUrl, 'header', ended))
    await sendToQueue(JSON.stringify({ type: 'T', id: unique('event'), userId }), userId)
    expect(await client.closed).toMatchObject({ code: 1000 })
  })

  it('pushes to a connection during its own $connect, and keeps it registered', async () => {
    const userId = unique('user')
    const first = { type: 'T', id: unique('event'), userId }
    let published: Promise<unknown> | undefined
    // When the row is written, and before the handshake has ended: API Gateway answers 410 to a push then.
    target.running.faults.after = async ({ caller, operation, status }) => {
      if (caller !== target.idOf('connect') || operation !== 'UpdateItem' || status !== 200) return undefined
      target.running.faults.after = undefined
      published = post(target, first)
      const { json } = (await published) as { json: unknown }
      expect(json).toMatchObject({ recipients: [{ userId, connections: 1, sent: 0 }] })
      return undefined
    }
    const client = await Client.connect(target, userId)
    expect(published).toBeDefined()
    expect(await client.ask({ action: 'resume', after: 0 })).toMatchObject({ events: [{ event: first }] })
    const second = { type: 'T', id: unique('event'), userId }
    expect((await post(target, second)).json).toMatchObject({ recipients: [{ connections: 1, sent: 1 }] })
    expect(await client.next()).toMatchObject({ type: 'event', event: second })
  })
})

describeAdministering(target)

describe('the functions’ logs', () => {
  it('hold no token', () => {
    expect(target.running.logs.lines.length).toBeGreaterThan(100)
    expect(target.running.logs.text).not.toMatch(/eyJ[\w-]{10,}\.eyJ/)
    expect(target.running.logs.text).not.toContain(target.secret)
    expect(tokenFor(target, 'ann')).toMatch(/eyJ[\w-]{10,}\.eyJ/)
  })
})

describe('the permissions', () => {
  const prove = (assembly: Assembly): PermissionProof => {
    const calls = target.running.recording.calls.filter(({ caller }) => caller !== BACKEND)
    return provePermissions({ ...policiesOf(assembly), calls })
  }

  it('are what the functions used above, nothing less and nothing more', () => {
    const proof = prove(target.assembly)
    expect(proof.ok, permissionReport(proof)).toBe(true)
    expect(proof.functions).toHaveLength(10)
    expect(proof.used.length).toBeGreaterThan(30)
    console.log(permissionReport(proof))
  })

  it('are shown to lack one that is removed', () => {
    const event = target.idOf('event')
    const proof = prove(
      withActions(target.assembly, event, (actions) =>
        actions.filter((a) => a !== 'dynamodb:BatchWriteItem'),
      ),
    )
    expect(proof.ok).toBe(false)
    expect(proof.unused).toEqual([])
    expect(proof.missing.map(({ function: id, action }) => [id, action])).toEqual([
      [event, 'dynamodb:BatchWriteItem'],
    ])
  })

  it('are shown to have one too many that is added', () => {
    const recentId = target.idOf('recent')
    const proof = prove(
      withActions(target.assembly, recentId, (actions) =>
        actions.includes('dynamodb:Query') ? [...actions, 'dynamodb:DeleteItem'] : actions,
      ),
    )
    expect(proof.ok).toBe(false)
    expect(proof.missing).toEqual([])
    expect(proof.unused.map(({ action }) => action)).toEqual(['dynamodb:DeleteItem'])
  })
})

/** The assembly with other actions in the policies of one function's role. */
function withActions(
  assembly: Assembly,
  functionId: string,
  change: (actions: readonly string[]) => readonly string[],
): Assembly {
  const role = (
    assembly.template.resources.get(functionId)?.properties['Role'] as { 'Fn::GetAtt': [string] }
  )['Fn::GetAtt'][0]
  const resources = new Map(
    [...assembly.template.resources].map(([id, resource]) => {
      const { properties } = resource
      const isOfRole =
        resource.type === 'AWS::IAM::Policy' && JSON.stringify(properties['Roles']).includes(`"${role}"`)
      if (!isOfRole) return [id, resource]
      const { Statement, ...document } = properties['PolicyDocument'] as {
        Statement: { Action: string | string[] }[]
      }
      const changed = Statement.map((statement) => ({
        ...statement,
        Action: change([statement.Action].flat()),
      }))
      return [
        id,
        { ...resource, properties: { ...properties, PolicyDocument: { ...document, Statement: changed } } },
      ]
    }),
  )
  return { ...assembly, template: { ...assembly.template, resources } }
}
