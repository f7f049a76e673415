/**
 * The CDK app: one stack with everything, in the account and region of your AWS credentials.
 *
 * Context values, each optional (`npx cdk deploy -c retentionDays=7`, or in `cdk.json`):
 *
 *     stackName              of the CloudFormation stack; EventFanout
 *     jwksUrl                where the issuer of your tokens publishes its keys
 *     jwtSecretArn           a secret of yours, instead of a generated one, by which tokens are signed with HS256
 *     jwtSecretKeyArn        the customer managed KMS key that encrypts that secret, if one does
 *     issuer, audience       `iss` and `aud` that a token must have
 *     retentionDays          how long events can be read; 30
 *     allowedOrigins         origins of web pages, comma-separated; all
 *     maxConnectionsPerUser  20
 *     receiptDetail          what receipts tell of pushes: deliveries or counts; deliveries
 *     maxEventConcurrency    how many batches of the queue are worked on at once
 *     metrics, alarms, dashboard   `false` goes without; true
 *     alarmTopicArn          the SNS topic that is told of alarms
 *     logLevel               debug, info, warn, error or silent; info
 *     removalPolicy          `destroy` deletes the data with the stack; retain
 *     accountLogRole         `false` if the account has its role for API Gateway's logs; true
 *     domainName, webSocketDomainName, certificateArn   names of your own for the two APIs
 *     hostedZoneId, hostedZoneName                      the Route 53 zone of these names
 *     eventSources, eventDetailTypes, eventBusName      what to publish from EventBridge, comma-separated
 */
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { readContext } from '../lib/deployment-context.ts'
import { EventFanoutStack } from '../lib/event-fanout-stack.ts'

const app = new App()
new EventFanoutStack(
  app,
  'EventFanout',
  readContext((name) => app.node.tryGetContext(name) as unknown),
)
// A finding that is not accepted where its resource is made ends the synthesis.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
