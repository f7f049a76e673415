import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { parseObject } from '../json.ts'
import { closeAtOnce, keepIdleConnections, listen } from '../local-server.ts'
import { TemplateError } from '../template-error.ts'
import type { Stack, StackResource } from '../template/stack.ts'
import type { Engine } from './dynamodb.ts'
import { generateSecret } from './generate-secret.ts'

export interface Secret {
  readonly id: string
  readonly name: string
  readonly arn: string
  readonly value: string
}

export interface SecretEngine extends Engine {
  readonly secrets: readonly Secret[]
}

/**
 * A stub of Secrets Manager: GetSecretValue, and an error for everything else.
 *
 * @param given values by logical id; or one value, for the only secret that the stack has
 */
export async function startSecrets(
  stack: Stack,
  given: Readonly<Record<string, string>> | string,
): Promise<SecretEngine> {
  const resources = stack.ofType('AWS::SecretsManager::Secret')
  const values = typeof given === 'string' ? forTheOnly(resources, given) : given
  for (const id of Object.keys(values)) {
    if (!resources.some((resource) => resource.id === id)) {
      throw new TemplateError(`a value was given for the secret ${id}, which is not in the template`)
    }
  }
  const secrets = resources.map((resource) => readSecret(stack, resource, values[resource.id]))
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { status, json } = answer(secrets, String(request.headers['x-amz-target']), body)
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(json))
    })
  })
  const url = `http://${await listen(server)}`
  keepIdleConnections(server)
  return { url, secrets, stop: async () => closeAtOnce(server) }
}

function forTheOnly(resources: readonly StackResource[], value: string): Record<string, string> {
  const [only, ...others] = resources
  if (only && others.length === 0) return { [only.id]: value }
  const ids = resources.map(({ id }) => id).join(', ') || 'none'
  throw new TemplateError(`one secret was given, but the template does not have exactly one: ${ids}`)
}

function readSecret(stack: Stack, resource: StackResource, given: string | undefined): Secret {
  const properties = stack.open(resource)
  properties.noEffect('Description', 'KmsKeyId', 'Name', 'ReplicaRegions', 'Tags')
  const options = properties.object('GenerateSecretString')
  const generated = options && generateSecret(options)
  const value = given ?? properties.text('SecretString') ?? generated
  properties.noEffect('SecretString')
  properties.warnAboutRest()
  if (value === undefined) {
    throw new TemplateError(`${properties.where} has no value in the template: give one (option \`secrets\`)`)
  }
  const arn = stack.ref(resource.id)
  return { id: resource.id, name: nameIn(arn), arn, value }
}

/** Without the six characters that Secrets Manager appends. */
function nameIn(arn: string): string {
  return arn.replace(/^.*:secret:/, '').replace(/-[^-]{6}$/, '')
}

function answer(secrets: readonly Secret[], target: string, body: string): { status: number; json: object } {
  if (target !== 'secretsmanager.GetSecretValue') {
    return {
      status: 400,
      json: { __type: 'UnknownOperationException', message: `${target} is not served here` },
    }
  }
  const { SecretId: wanted } = parseObject(body)
  const secret = findSecret(secrets, String(wanted))
  if (!secret) {
    const message = "Secrets Manager can't find the specified secret."
    return { status: 400, json: { __type: 'ResourceNotFoundException', message } }
  }
  const { arn, name, value } = secret
  return {
    status: 200,
    json: { ARN: arn, Name: name, SecretString: value, VersionId: 'local', VersionStages: ['AWSCURRENT'] },
  }
}

/** By name, ARN, or the ARN without its random characters, as Secrets Manager takes them. */
export function findSecret(secrets: readonly Secret[], wanted: string): Secret | undefined {
  return secrets.find(({ name, arn }) => [name, arn, arn.replace(/-[^-]{6}$/, '')].includes(wanted))
}
