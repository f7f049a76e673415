import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { isObject, parseObject } from '../json.ts'
import { closeAtOnce, keepIdleConnections, listen } from '../local-server.ts'
import { TemplateError } from '../template-error.ts'
import type { Stack, StackResource } from '../template/stack.ts'
import type { Engine } from './dynamodb.ts'
import { generateSecret } from './generate-secret.ts'

export interface Secret {
  /** Logical id; of one that the template only names, its ARN. */
  readonly id: string
  readonly name: string
  readonly arn: string
  readonly value: string
}

export interface SecretEngine extends Engine {
  readonly secrets: readonly Secret[]
}

/** What was given from outside: values by logical id or ARN; or one value, for the only secret that there is. */
type Given = Readonly<Record<string, string>> | string

/** As much of Secrets Manager as functions use: GetSecretValue, and an error for everything else. */
export async function startSecrets(stack: Stack, given: Given): Promise<SecretEngine> {
  const secrets = readSecrets(stack, given)
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

/** The template's own secrets, and those that it only names. @throws TemplateError for a value that belongs to neither */
function readSecrets(stack: Stack, given: Given): Secret[] {
  const own = stack.ofType('AWS::SecretsManager::Secret')
  const named = namedElsewhere(stack)
  const values = typeof given === 'string' ? forTheOnly([...own.map(({ id }) => id), ...named], given) : given
  for (const id of Object.keys(values)) {
    if (named.includes(id) || own.some((resource) => resource.id === id)) continue
    throw new TemplateError(`a value was given for the secret ${id}, which is not in the template`)
  }
  return [
    ...own.map((resource) => readSecret(stack, resource, values[resource.id])),
    ...named.flatMap((arn) => {
      const value = values[arn]
      if (value !== undefined) return [{ id: arn, name: nameIn(arn), arn, value }]
      stack.warn(`the secret ${arn} is not in the template: give its value (option \`secrets\`)`)
      return []
    }),
  ]
}

/** Whole ARNs of secrets that functions are told of in a variable, and that somebody else made. */
function namedElsewhere(stack: Stack): string[] {
  const own = stack.ofType('AWS::SecretsManager::Secret').map(({ id }) => stack.ref(id))
  const variables = stack.ofType('AWS::Lambda::Function').flatMap(({ properties: { Environment } }) => {
    const found = isObject(Environment) ? Environment['Variables'] : undefined
    return isObject(found) ? Object.values(found) : []
  })
  const arns = variables
    .filter((value) => typeof value === 'string')
    .filter((value) => /^arn:[\w-]+:secretsmanager:/.test(value))
  return [...new Set(arns)].filter((arn) => !own.includes(arn))
}

function forTheOnly(ids: readonly string[], value: string): Record<string, string> {
  const [only, ...others] = ids
  if (only !== undefined && others.length === 0) return { [only]: value }
  const list = ids.join(', ') || 'none'
  throw new TemplateError(`one secret was given, but the template does not have exactly one: ${list}`)
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
