import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CfnResource, Stack } from 'aws-cdk-lib'
import { describe, expect, it } from 'vitest'
import { EventFanout } from '../../lib/event-fanout.ts'
import { DEFAULTS, EVERYTHING, JWKS, OWN_SECRET, type Props } from './choices.ts'
import { SYNTHESIS_MS, withApp } from './synthesized.ts'

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly { readonly ruleName: string; readonly description: string }[]
  }[]
}

/** In the report, not thrown. */
const REPORTING = {
  builtinCloudFormationValidation: true,
  context: { '@aws-cdk/core:failSynthOnValidationErrors': false },
}

/** What CDK's own rules for templates find, warnings included. */
function findings(props: Props, extend: (stack: Stack) => void = () => undefined): string[] {
  return withApp((app) => {
    const stack = new Stack(app, 'Test')
    new EventFanout(stack, 'Fanout', props(stack))
    extend(stack)
    const { directory } = app.synth()
    const report = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8')) as Report
    return report.pluginReports.flatMap(({ violations }) =>
      violations.map(({ ruleName, description }) => `${ruleName}: ${description}`),
    )
  }, REPORTING)
}

/** The defaults are checked in `app.test.ts`, as `cdk synth` does it. */
describe('CDK’s own rules for templates', () => {
  it.each<[string, Props]>([
    // First, as the rules are loaded again for each type of resource that they have not seen yet.
    ['with every option', EVERYTHING],
    ['with an issuer’s keys', JWKS],
    ['with a secret of one’s own', OWN_SECRET],
  ])(
    'find nothing %s',
    (_name, props) => {
      expect(findings(props)).toEqual([])
    },
    SYNTHESIS_MS,
  )

  it(
    'would find something',
    () => {
      const found = findings(DEFAULTS, (stack) => {
        new CfnResource(stack, 'Wrong', { type: 'AWS::SQS::Queue', properties: { DelaySeconds: 'soon' } })
      })
      expect(found.join()).toContain('DelaySeconds')
    },
    SYNTHESIS_MS,
  )
})
