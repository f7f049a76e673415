import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { HostedZone } from 'aws-cdk-lib/aws-route53'
import { describe, expect, it } from 'vitest'
import type { DomainOptions } from '../../lib/props.ts'
import { flat, idOf, labelsOf, ofType, SYNTHESIS_MS, synthesize } from './synthesized.ts'

describe('custom domains', () => {
  const NAMES = { httpDomainName: 'events.example.com', webSocketDomainName: 'live.example.com' }
  const CERTIFICATE = 'arn:aws:acm:eu-central-1:111122223333:certificate/0a1b'
  const withDomain = (more: Partial<DomainOptions> = {}, zone = false) =>
    synthesize((stack) => ({
      domain: {
        ...NAMES,
        certificate: Certificate.fromCertificateArn(stack, 'Certificate', CERTIFICATE),
        ...(zone && {
          hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
            hostedZoneId: 'Z1',
            zoneName: 'example.com',
          }),
        }),
        ...more,
      },
    }))

  it(
    'are off by default',
    () => {
      const deployed = synthesize()
      deployed.template.resourceCountIs('AWS::ApiGatewayV2::DomainName', 0)
      deployed.template.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 0)
      expect(deployed.fanout.domains).toBeUndefined()
    },
    SYNTHESIS_MS,
  )

  it('are one regional name for each API, with TLS 1.2, at the root', () => {
    const asked = withDomain()
    const domains = ofType(asked.resources, 'AWS::ApiGatewayV2::DomainName')
    expect(domains.map(([, { Properties }]) => Properties)).toEqual(
      Object.values(NAMES).map((DomainName) => ({
        DomainName,
        DomainNameConfigurations: [
          { CertificateArn: CERTIFICATE, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
        ],
      })),
    )
    const named = labelsOf(asked)
    const mappings = ofType(asked.resources, 'AWS::ApiGatewayV2::ApiMapping').map(([, { Properties }]) => {
      const { DomainName } = asked.resources[(Properties['DomainName'] as { Ref: string }).Ref]!.Properties
      expect(Properties).not.toHaveProperty('ApiMappingKey')
      return [DomainName, flat(Properties['ApiId'], named), Properties['Stage']]
    })
    expect(mappings.sort()).toEqual([
      ['events.example.com', '<http>', '$default'],
      ['live.example.com', '<sockets>', 'v1'],
    ])
    asked.template.resourceCountIs('AWS::Route53::RecordSet', 0)
  })

  it('are what the URLs say; pushes keep to the API’s own name, which needs no DNS of the user’s', () => {
    const { fanout, resources, stack } = withDomain()
    const nameOf = (url: string, scheme: string) => {
      const id = new RegExp(`^${scheme}://<(.*)>$`).exec(flat(stack.resolve(url)))![1]!
      return resources[id]!.Properties['DomainName']
    }
    expect(nameOf(fanout.httpUrl, 'https')).toBe('events.example.com')
    expect(nameOf(fanout.webSocketUrl, 'wss')).toBe('live.example.com')
    const { Environment } = resources[idOf(stack, fanout.functions.publish)]!.Properties as {
      Environment: { Variables: Record<string, unknown> }
    }
    expect(flat(Environment.Variables['CONNECTIONS_ENDPOINT'])).toMatch(/^https:\/\/<\w+>\.execute-api\./)
  })

  it('get alias records in the zone that is given', () => {
    const asked = withDomain({}, true)
    const records = ofType(asked.resources, 'AWS::Route53::RecordSet').map(([, { Properties }]) => Properties)
    expect(records.map(({ Name, Type, HostedZoneId }) => [Name, Type, HostedZoneId]).sort()).toEqual([
      ['events.example.com.', 'A', 'Z1'],
      ['live.example.com.', 'A', 'Z1'],
    ])
    for (const { AliasTarget } of records) {
      expect(JSON.stringify(AliasTarget)).toMatch(/RegionalDomainName.*RegionalHostedZoneId/)
    }
  })

  it.each([
    [
      { webSocketDomainName: 'events.example.com' },
      /both "events\.example\.com"; API Gateway needs two names/,
    ],
    [{ httpDomainName: 'https://events.example.com' }, /httpDomainName is "https:.*must be a host name/],
    [{ webSocketDomainName: 'Live.example.com' }, /webSocketDomainName is "Live.*lower case/],
    [
      { webSocketDomainName: 'live.example.org' },
      /"live\.example\.org", which is not in the hosted zone "example\.com"/,
    ],
    [{ httpDomainName: 'badexample.com' }, /not in the hosted zone/],
  ])('are refused when they cannot work: %o', (more, message) => {
    expect(() => withDomain(more, true)).toThrow(message)
  })
})
