import { describe, expect, it } from 'vitest'
import { BESIDE_MIB, heapOf, settingsOf, textOf, variablesOfTheBridge } from './files.ts'
import { healthOf } from './health.ts'
import { type Document, documentsOf, under } from './manifest.ts'

const documents = documentsOf(textOf('deploy/bridge/kubernetes.yaml'))
const ofKind = (kind: string): Document => documents.find((each) => each.get('kind') === kind)!

const settings = under(ofKind('ConfigMap'), 'data')
const deployment = under(ofKind('Deployment'), 'spec')
const pod = under(ofKind('Deployment'), 'spec.template.spec')
const container = under(ofKind('Deployment'), 'spec.template.spec.containers.0')

/** What the container's `env` sets, apart from what comes from the Secret. */
const given = Object.fromEntries(
  Object.keys(container)
    .filter((path) => /^env\.\d+\.value$/.test(path))
    .map((path) => [container[path.replace('value', 'name')], container[path]]),
) as Readonly<Record<string, string>>
const named = Object.keys(container)
  .filter((path) => /^env\.\d+\.name$/.test(path))
  .map((path) => container[path]!)

describe('the manifest', () => {
  it('holds what a bridge needs, and no Secret that an apply would overwrite', () => {
    expect(documents.map((each) => each.get('kind'))).toEqual([
      'ConfigMap',
      'ServiceAccount',
      'Deployment',
      'PodDisruptionBudget',
    ])
  })

  it('calls everything by one name, and finds its pods', () => {
    expect(new Set(documents.map((each) => each.get('metadata.name')))).toEqual(new Set(['fanout-bridge']))
    const label = { 'app.kubernetes.io/name': 'fanout-bridge' }
    const selectors = ['selector.matchLabels', 'template.metadata.labels']
    for (const path of selectors) expect(under(ofKind('Deployment'), `spec.${path}`)).toEqual(label)
    expect(under(ofKind('PodDisruptionBudget'), 'spec.selector.matchLabels')).toEqual(label)
    const references = ['envFrom.0.configMapRef.name', 'env.2.valueFrom.secretKeyRef.name']
    const all = [pod['serviceAccountName'], pod['volumes.0.secret.secretName']]
    all.push(...references.map((path) => container[path]))
    expect(all).toEqual(all.map(() => 'fanout-bridge'))
  })

  it('sets only variables that the bridge reads, or node', () => {
    const known = new Set([...variablesOfTheBridge(), 'NODE_OPTIONS'])
    const all = [...Object.keys(settings), ...named]
    expect(all.filter((name) => !known.has(name))).toEqual([])
  })

  it('sets them to what the bridge takes, for a stream', () => {
    expect(settingsOf({ ...settings, ...given })).toMatchObject({ from: 'stream' })
  })

  it('holds no secret: the password comes from one, and the token is a file', () => {
    const { address, ...secrets } = settingsOf({ ...settings, ...given }).redis
    expect(address).not.toHaveProperty('password')
    expect(secrets).toEqual({})
    expect(given).not.toHaveProperty('FANOUT_TOKEN')
    const mounted = `${container['volumeMounts.0.mountPath']}/${pod['volumes.0.secret.items.0.path']}`
    expect(given['FANOUT_TOKEN_FILE']).toBe(mounted)
  })
})

describe('a pod', () => {
  it('has an image of a version', () => {
    expect(container['image']).toMatch(/^[\w.-]+\/fanout-bridge:\d+\.\d+\.\d+$/)
  })

  it('is asked where it answers', async () => {
    const scrape = under(ofKind('Deployment'), 'spec.template.metadata.annotations')
    expect(container['ports.0.containerPort']).toBe(given['BRIDGE_PORT'])
    expect(scrape['prometheus.io/port']).toBe(given['BRIDGE_PORT'])
    expect(given['HOST']).toBe('0.0.0.0')
    for (const probe of ['livenessProbe', 'readinessProbe']) {
      expect(container[`${probe}.httpGet.port`]).toBe(container['ports.0.name'])
    }
    const { url } = await healthOf()
    const paths = [
      container['livenessProbe.httpGet.path'],
      container['readinessProbe.httpGet.path'],
      scrape['prometheus.io/path'],
    ]
    expect(paths).toEqual(['/live', '/health', '/metrics'])
    const answers = paths.map(async (path) => (await fetch(`${url}${path}`)).status)
    expect(await Promise.all(answers)).toEqual([200, 200, 200])
  })

  it('is not restarted while its target is away, and shows it', async () => {
    const { url } = await healthOf(['the target has taken nothing'])
    expect((await fetch(`${url}${container['livenessProbe.httpGet.path']}`)).status).toBe(200)
    expect((await fetch(`${url}${container['readinessProbe.httpGet.path']}`)).status).toBe(503)
  })

  it('has more time for its end than the bridge takes', () => {
    const { drain } = settingsOf(settings)
    expect(Number(pod['terminationGracePeriodSeconds']) * 1000).toBeGreaterThanOrEqual(drain + 10_000)
  })

  it('has room for the heap, for the messages that wait, and for node', () => {
    const { queue } = settingsOf({ ...settings, ...given })
    const [, limit] = /^(\d+)Mi$/.exec(container['resources.limits.memory'] ?? '') ?? []
    const needed = heapOf(given['NODE_OPTIONS']) + queue.bytes / 2 ** 20 + BESIDE_MIB
    expect(needed).toBeLessThanOrEqual(Number(limit))
    expect(container).not.toHaveProperty(['resources.limits.cpu'])
  })

  it('is shut in', () => {
    expect(under(ofKind('Deployment'), 'spec.template.spec.securityContext')).toMatchObject({
      runAsNonRoot: 'true',
      runAsUser: '1000',
      'seccompProfile.type': 'RuntimeDefault',
    })
    expect(under(ofKind('Deployment'), 'spec.template.spec.containers.0.securityContext')).toEqual({
      allowPrivilegeEscalation: 'false',
      readOnlyRootFilesystem: 'true',
      'capabilities.drop.0': 'ALL',
    })
    expect(pod).toMatchObject({ automountServiceAccountToken: 'false', enableServiceLinks: 'false' })
  })
})

describe('the pods together', () => {
  it('are two, on two machines if there are two, and one of them is always there', () => {
    expect(deployment).toMatchObject({
      replicas: '2',
      'strategy.rollingUpdate.maxSurge': '1',
      'strategy.rollingUpdate.maxUnavailable': '0',
    })
    expect(pod['topologySpreadConstraints.0.topologyKey']).toBe('kubernetes.io/hostname')
    expect(ofKind('PodDisruptionBudget').get('spec.maxUnavailable')).toBe('1')
  })
})
