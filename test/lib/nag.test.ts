import { Stack, Validations } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { IConstruct } from 'constructs'
import { describe, expect, it } from 'vitest'
import { EventFanout } from '../../lib/event-fanout.ts'
import { DEFAULTS, EVERYTHING, JWKS, OWN_SECRET, type Props } from './choices.ts'
import { SYNTHESIS_MS, withApp } from './synthesized.ts'

/** `rule at resource` for each finding, in a stack with or without a region of its own. */
function findings(props: Props, env = {}, extend: (stack: Stack) => void = () => undefined): string[] {
  return withApp((app) => {
    const stack = new Stack(app, 'Test', env)
    new EventFanout(stack, 'Fanout', props(stack))
    extend(stack)
    const report = new AwsSolutionsChecks(app).validateScope(app)
    return report.violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath ?? '?'}`),
    )
  })
}

/** What is accepted where: construct path, rule, reason. */
function acknowledged(props: Props): { path: string; id: string; reason: string }[] {
  return withApp((app) => {
    const stack = new Stack(app, 'Test')
    new EventFanout(stack, 'Fanout', props(stack))
    return app.node.findAll().flatMap((construct: IConstruct) =>
      construct.node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.entries(data as Record<string, string>))
        .map(([id, reason]) => ({
          path: construct.node.path.replace('Test/Fanout/', ''),
          id: id.replace(/^annotation::/i, ''),
          reason,
        })),
    )
  })
}

describe('cdk-nag', () => {
  it.each<[string, Props, object]>([
    ['by default', DEFAULTS, {}],
    ['with every option', EVERYTHING, {}],
    ['with an issuer’s keys', JWKS, {}],
    ['with a secret of one’s own', OWN_SECRET, {}],
    [
      'in a stack of a known region',
      EVERYTHING,
      { env: { account: '111122223333', region: 'eu-central-1' } },
    ],
  ])(
    'finds nothing %s',
    (_name, props, env) => {
      expect(findings(props, env)).toEqual([])
    },
    SYNTHESIS_MS,
  )

  it('would find something', () => {
    const found = findings(DEFAULTS, {}, (stack) => {
      new Bucket(stack, 'Bucket')
    })
    expect(found).toContain('AwsSolutions-S1 at Test/Bucket/Resource')
  })

  it('is told why wherever it is overruled, in more than a phrase', () => {
    const accepted = acknowledged(EVERYTHING)
    expect(accepted.length).toBeGreaterThan(10)
    for (const { reason } of accepted) expect(reason.length).toBeGreaterThan(50)
  })

  it('is overruled only at the resources in question, and for wildcards one ARN at a time', () => {
    const rules = acknowledged(EVERYTHING).map(({ path, id }) => [path, id.replace(/\[.*/, '[…]')].join(' '))
    const sockets = ['connect', 'message', 'event', 'publish', 'inspect', 'disconnectUser']
    const routes = ['$disconnect', '$default', 'resume', 'ping', 'ack', 'report']
    expect([...new Set(rules)].sort()).toEqual(
      [
        'Connections AwsSolutions-DDB3',
        'TokenKeys/Secret AwsSolutions-SMG4',
        'AccountLogs/Role AwsSolutions-IAM4[…]',
        'EventBridge/Undelivered AwsSolutions-SQS3',
        ...sockets.map((name) => `Functions/${name}/Role AwsSolutions-IAM5[…]`),
        ...routes.map((key) => `WebSocket/Api/${key}-Route AwsSolutions-APIG4`),
        'Http/Api/POST--api--v1--events AwsSolutions-APIG4',
        'Http/Api/GET--api--v1--events--recent AwsSolutions-APIG4',
        'Http/Api/GET--api--v1--events--{id}--receipt AwsSolutions-APIG4',
        'Http/Api/GET--api--v1--events--{id}--why AwsSolutions-APIG4',
        'Http/Api/GET--api--v1--users--{id}--status AwsSolutions-APIG4',
        'Http/Api/DELETE--api--v1--users--{id}--connections AwsSolutions-APIG4',
        'Http/Api/GET--health AwsSolutions-APIG4',
      ].sort(),
    )
  })

  it('is overruled nowhere in vain', () => {
    const accepted = acknowledged(EVERYTHING).map(({ path, id }) => `${id} at Test/Fanout/${path}`)
    const found = withApp((app) => {
      const stack = new Stack(app, 'Test')
      new EventFanout(stack, 'Fanout', EVERYTHING(stack))
      for (const construct of app.node.findAll()) forget(construct)
      return new AwsSolutionsChecks(app)
        .validateScope(app)
        .violations.flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath ?? '?'}`),
        )
    })
    for (const acceptance of accepted) {
      expect(found).toContainEqual(expect.stringContaining(acceptance))
    }
  })
})

/** Makes a construct deny that it has metadata, and with it what was accepted there. */
function forget(construct: IConstruct): void {
  Object.defineProperty(construct.node, 'metadata', { value: [] })
}
