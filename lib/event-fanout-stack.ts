import { CfnOutput, Stack, type StackProps, Token } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { EventBus, type EventPattern } from 'aws-cdk-lib/aws-events'
import { Key } from 'aws-cdk-lib/aws-kms'
import { HostedZone } from 'aws-cdk-lib/aws-route53'
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import { EventFanout } from './event-fanout.ts'
import { fanoutPropsOf } from './known-props.ts'
import type {
  AlarmOptions,
  DomainOptions,
  EventBridgeOptions,
  EventFanoutProps,
  JwtOptions,
} from './props.ts'

/** {@link EventFanoutProps}, with what exists already named by text. */
export interface EventFanoutStackProps
  extends StackProps, Omit<EventFanoutProps, 'jwt' | 'domain' | 'eventBridge'> {
  /** See {@link JwtOptions}. @default a shared secret */
  readonly jwksUrl?: string
  /** The whole ARN of the shared secret. @default one is generated, unless there is a `jwksUrl` */
  readonly jwtSecretArn?: string
  /**
   * The ARN of the customer managed KMS key that encrypts the secret of `jwtSecretArn`, so that the functions may
   * decrypt it. The key's own policy must let IAM policies of this account decide, as KMS's default one does.
   *
   * @default the secret is under the AWS managed key, which needs no right
   */
  readonly jwtSecretKeyArn?: string
  /** The `iss` that a token must have. @default any */
  readonly issuer?: string
  /** The `aud` that a token must have. @default any */
  readonly audience?: string
  /** The SNS topic that is told when an alarm goes off, and when it is over. @default nobody is told */
  readonly alarmTopicArn?: string
  /** @default the names that API Gateway gives */
  readonly domain?: DomainByName
  /** @default none */
  readonly eventBridge?: EventBridgeByName
}

/** As {@link DomainOptions}. */
export interface DomainByName {
  readonly httpDomainName: string
  readonly webSocketDomainName: string
  readonly certificateArn: string
  /** @default no DNS records; the outputs say where to point your own */
  readonly hostedZone?: { readonly hostedZoneId: string; readonly zoneName: string }
}

/** As {@link EventBridgeOptions}. */
export interface EventBridgeByName {
  /** @default the account's default bus */
  readonly eventBusName?: string
  readonly eventPattern: EventPattern
}

/** event-fanout as a stack of its own, with outputs that say how to reach it. */
export class EventFanoutStack extends Stack {
  readonly fanout: EventFanout

  constructor(scope: Construct, id: string, props: EventFanoutStackProps = {}) {
    super(scope, id, { description: 'event-fanout: business events, live and replayable', ...props })
    const { domain, eventBridge, ...same } = props
    this.fanout = new EventFanout(this, 'Fanout', {
      ...fanoutPropsOf(same),
      jwt: this.#jwt(props),
      ...(props.alarmTopicArn !== undefined && { alarms: this.#alarms(props.alarmTopicArn, same.alarms) }),
      ...(domain && { domain: this.#domain(domain) }),
      ...(eventBridge && { eventBridge: this.#eventBridge(eventBridge) }),
    })
    this.#output('HttpUrl', this.fanout.httpUrl, 'Publish and poll here')
    this.#output('WebSocketUrl', this.fanout.webSocketUrl, 'Clients connect here')
    this.#output('QueueUrl', this.fanout.queue.queueUrl, 'Backends publish here by IAM')
    this.#output('QueueArn', this.fanout.queue.queueArn, 'For their policies: sqs:SendMessage')
    const { secret, domains, deadLetterQueue, undeliveredQueue } = this.fanout
    this.#output('DeadLetterQueueUrl', deadLetterQueue.queueUrl, 'Events that could not be published')
    this.#output(
      'DeadLetterQueueArn',
      deadLetterQueue.queueArn,
      'For sending them back: start-message-move-task',
    )
    if (undeliveredQueue) {
      this.#output('UndeliveredQueueUrl', undeliveredQueue.queueUrl, 'What EventBridge could not deliver')
    }
    if (secret) this.#output('JwtSecretArn', secret.secretArn, 'The key that signs client tokens')
    if (!domains || domain?.hostedZone) return
    this.#output('HttpDomainTarget', domains.http.regionalDomainName, `CNAME of ${domains.http.name}`)
    const { webSocket } = domains
    this.#output('WebSocketDomainTarget', webSocket.regionalDomainName, `CNAME of ${webSocket.name}`)
  }

  #jwt({ jwksUrl, jwtSecretArn, jwtSecretKeyArn, issuer, audience }: EventFanoutStackProps): JwtOptions {
    const claims = { ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) }
    if (jwksUrl !== undefined && jwtSecretArn !== undefined) {
      throw new Error('jwksUrl and jwtSecretArn are both set; keep the one that your tokens are signed for')
    }
    if (jwtSecretKeyArn !== undefined) checkSecretKey(jwtSecretKeyArn, jwtSecretArn)
    if (jwksUrl !== undefined) return { jwksUrl, ...claims }
    if (jwtSecretArn === undefined) return claims
    return { secret: this.#secret(jwtSecretArn, jwtSecretKeyArn), ...claims }
  }

  #alarms(topicArn: string, alarms: AlarmOptions | false = {}): AlarmOptions {
    checkArn('alarmTopicArn', topicArn, TOPIC_ARN, TOPIC_LOOKS_LIKE)
    if (alarms === false) {
      throw new Error(`alarmTopicArn is "${topicArn}", but alarms is false; leave one of them out`)
    }
    const told = new SnsAction(Topic.fromTopicArn(this, 'AlarmTopic', topicArn))
    return { ...alarms, actions: [...(alarms.actions ?? []), told] }
  }

  #secret(secretCompleteArn: string, keyArn: string | undefined): ISecret {
    checkArn('jwtSecretArn', secretCompleteArn, SECRET_ARN, SECRET_LOOKS_LIKE)
    return Secret.fromSecretAttributes(this, 'JwtSecret', {
      secretCompleteArn,
      ...(keyArn !== undefined && { encryptionKey: Key.fromKeyArn(this, 'JwtSecretKey', keyArn) }),
    })
  }

  #domain({ certificateArn, hostedZone, ...names }: DomainByName): DomainOptions {
    checkArn('certificateArn', certificateArn, CERTIFICATE_ARN, CERTIFICATE_LOOKS_LIKE)
    return {
      ...names,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      ...(hostedZone && { hostedZone: HostedZone.fromHostedZoneAttributes(this, 'Zone', hostedZone) }),
    }
  }

  #eventBridge({ eventBusName, eventPattern }: EventBridgeByName): EventBridgeOptions {
    return {
      eventPattern,
      ...(eventBusName !== undefined && {
        eventBus: EventBus.fromEventBusName(this, 'EventBus', eventBusName),
      }),
    }
  }

  #output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description })
  }
}

const SECRET_ARN = /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$/
const SECRET_LOOKS_LIKE =
  'the whole ARN of a secret, such as arn:aws:secretsmanager:eu-central-1:111122223333:secret:jwt-AbCdEf, which "aws secretsmanager describe-secret" tells'
const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/
const CERTIFICATE_LOOKS_LIKE =
  'the ARN of a certificate of ACM, such as arn:aws:acm:eu-central-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab'
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/
const TOPIC_LOOKS_LIKE =
  'the ARN of a standard SNS topic, such as arn:aws:sns:eu-central-1:111122223333:alarms (CloudWatch takes no FIFO topic)'
/** IAM takes no alias for a key (KMS developer guide, page cmks-in-iam-policies). */
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/
const KEY_LOOKS_LIKE =
  'the ARN of a KMS key, such as arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab (an alias will not do)'

function checkArn(prop: string, arn: string, form: RegExp, looksLike: string): void {
  if (Token.isUnresolved(arn) || form.test(arn)) return
  throw new Error(`${prop} is "${arn}"; it must be ${looksLike}`)
}

function checkSecretKey(keyArn: string, secretArn: string | undefined): void {
  checkArn('jwtSecretKeyArn', keyArn, KEY_ARN, KEY_LOOKS_LIKE)
  if (secretArn !== undefined) return
  throw new Error(
    `jwtSecretKeyArn is "${keyArn}", but there is no jwtSecretArn; say which secret it encrypts, or leave it out`,
  )
}
