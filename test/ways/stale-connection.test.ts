/** Over the template: `$disconnect` is best effort on AWS, so the table may name a connection that is no more. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { expect, it, onTestFinished } from 'vitest'
import { DynamoConnectionRegistry } from '../../src/aws/dynamo-connection-registry.ts'
import { publish } from '../e2e/http.ts'
import { unique } from '../e2e/tokens.ts'
import { BACKEND, serveStack } from '../template/served.ts'
import { why } from './ask.ts'
import { nameOf } from './ways.ts'

const HOUR = 3_600_000

const target = serveStack()

it('stale connection: the push meets a socket that is gone', async () => {
  const [student, id] = [unique('student'), unique('event')]
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      region: 'us-east-1',
      endpoint: target.running.endpoints.dynamodb,
      credentials: { accessKeyId: BACKEND, secretAccessKey: 'any' },
    }),
  )
  onTestFinished(() => {
    client.destroy()
  })
  const connections = new DynamoConnectionRegistry({ client, table: target.connectionsTable, clock: Date })
  const registeredAt = Date.now() - 60_000
  await connections.register({
    id: 'PJqB0fHsqRcCHlw=',
    userId: student,
    registeredAt,
    expiresAt: registeredAt + HOUR,
    device: 'phone',
  })
  await publish(target, { type: 'SESSION_COMPLETED', id, studentId: student })
  const { reason, evidence } = await why(target, student, id)
  expect(reason).toBe(nameOf('stale connection'))
  expect(evidence.join()).toContain('phone: there was no such connection any more')
  expect(await connections.ofUser(student)).toEqual([])
})
