import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { type JsonObject, isObject } from '../json.ts'
import { TemplateError } from '../template-error.ts'
import { type Template, parseTemplate } from './template.ts'

export interface Assembly {
  readonly stackName: string
  /** Where the stack says that it is deployed; undefined when it leaves that open. */
  readonly region: string | undefined
  readonly account: string | undefined
  readonly template: Template
  /** The folder that a function's `Code.S3Key` stands for. @throws TemplateError if there is none */
  assetFolder(s3Key: string): string
}

/**
 * Reads one stack of a CDK cloud assembly.
 *
 * @throws TemplateError if there is none in `folder`, or several and `stack` names none of them
 */
export function readAssembly(folder: string, stack?: string): Assembly {
  const manifest = readJson(
    join(folder, 'manifest.json'),
    'run `cdk synth` first, or set CDK_OUT to where it writes',
  )
  const artifacts = isObject(manifest['artifacts']) ? manifest['artifacts'] : {}
  const [id, artifact] = selectStack(artifacts, folder, stack)
  const properties = isObject(artifact['properties']) ? artifact['properties'] : {}
  const templateFile = String(properties['templateFile'])
  const template = parseTemplate(readJson(join(folder, templateFile), 'synthesize again'))
  const assets = readAssets(folder, artifacts)
  const [, account, region] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(String(artifact['environment'])) ?? []
  return {
    stackName: typeof properties['stackName'] === 'string' ? properties['stackName'] : id,
    region: region === 'unknown-region' ? undefined : region,
    account: account === 'unknown-account' ? undefined : account,
    template,
    assetFolder: (s3Key) => assetFolder(folder, assets, s3Key),
  }
}

function selectStack(artifacts: JsonObject, folder: string, wanted?: string): [string, JsonObject] {
  const stacks = Object.entries(artifacts).filter(
    (entry): entry is [string, JsonObject] =>
      isObject(entry[1]) && entry[1]['type'] === 'aws:cloudformation:stack',
  )
  const names = stacks.map(([id]) => id).join(', ')
  const found = wanted === undefined ? stacks : stacks.filter(([id]) => id === wanted)
  const [first] = found
  if (first && found.length === 1) return first
  if (stacks.length === 0) throw new TemplateError(`${folder} holds no stack`)
  if (wanted === undefined)
    throw new TemplateError(`${folder} holds several stacks (${names}): say which one`)
  throw new TemplateError(`${folder} holds no stack ${wanted}; it holds ${names}`)
}

/** Paths by the object key that templates name. */
function readAssets(folder: string, artifacts: JsonObject): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  for (const artifact of Object.values(artifacts)) {
    if (!isObject(artifact) || artifact['type'] !== 'cdk:asset-manifest') continue
    const properties = isObject(artifact['properties']) ? artifact['properties'] : {}
    const { files } = readJson(join(folder, String(properties['file'])), 'synthesize again')
    for (const file of Object.values(isObject(files) ? files : {})) addAsset(paths, file)
  }
  return paths
}

function addAsset(paths: Map<string, string>, file: unknown): void {
  if (!isObject(file) || !isObject(file['source']) || !isObject(file['destinations'])) return
  for (const destination of Object.values(file['destinations'])) {
    if (!isObject(destination)) continue
    paths.set(String(destination['objectKey']), String(file['source']['path']))
  }
}

function assetFolder(folder: string, assets: ReadonlyMap<string, string>, s3Key: string): string {
  // Without an asset manifest the key still is the asset's hash.
  const path = assets.get(s3Key) ?? `asset.${basename(s3Key).replace(/\.zip$/, '')}`
  const found = resolve(folder, path)
  if (!existsSync(found)) throw new TemplateError(`asset ${s3Key} is not in ${folder}: synthesize again`)
  if (!statSync(found).isDirectory()) {
    throw new TemplateError(`asset ${s3Key} is a file; only folders can be run (Code.fromAsset of a folder)`)
  }
  return found
}

function readJson(path: string, hint: string): JsonObject {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as JsonObject
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new TemplateError(`cannot read ${path}: ${text}; ${hint}`, { cause: error })
  }
}
