import { Token } from 'aws-cdk-lib'
import { DomainName, SecurityPolicy } from 'aws-cdk-lib/aws-apigatewayv2'
import { ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets'
import type { Construct } from 'constructs'
import type { DomainOptions } from './props.ts'

export interface CustomDomains {
  readonly http: DomainName
  readonly webSocket: DomainName
}

export function createDomains(scope: Construct, domain: DomainOptions): CustomDomains {
  checkNames(domain)
  return {
    http: createDomain(scope, 'HttpDomain', domain.httpDomainName, domain),
    webSocket: createDomain(scope, 'WebSocketDomain', domain.webSocketDomainName, domain),
  }
}

function createDomain(scope: Construct, id: string, domainName: string, options: DomainOptions): DomainName {
  const { certificate, hostedZone: zone } = options
  const domain = new DomainName(scope, id, {
    domainName,
    certificate,
    securityPolicy: SecurityPolicy.TLS_1_2,
  })
  if (zone) {
    const alias = new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId)
    // The trailing dot says that the name is whole; without it, a name outside of the zone would get the zone appended.
    new ARecord(domain, 'Alias', {
      zone,
      recordName: `${domainName}.`,
      target: RecordTarget.fromAlias(alias),
    })
  }
  return domain
}

function checkNames({ httpDomainName, webSocketDomainName, hostedZone }: DomainOptions): void {
  checkName('domain.httpDomainName', httpDomainName, hostedZone)
  checkName('domain.webSocketDomainName', webSocketDomainName, hostedZone)
  if (httpDomainName !== webSocketDomainName) return
  throw new Error(
    `domain.httpDomainName and domain.webSocketDomainName are both "${httpDomainName}"; API Gateway needs two names`,
  )
}

function checkName(prop: string, name: string, zone: IHostedZone | undefined): void {
  if (Token.isUnresolved(name)) return
  if (!/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/.test(name)) {
    throw new Error(`${prop} is "${name}"; it must be a host name in lower case, such as live.example.com`)
  }
  if (zone === undefined || Token.isUnresolved(zone.zoneName)) return
  const zoneName = zone.zoneName.replace(/\.$/, '')
  if (name === zoneName || name.endsWith(`.${zoneName}`)) return
  throw new Error(`${prop} is "${name}", which is not in the hosted zone "${zoneName}"; name one that is`)
}
