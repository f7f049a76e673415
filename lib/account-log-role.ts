import { RemovalPolicy } from 'aws-cdk-lib'
import { CfnAccount } from 'aws-cdk-lib/aws-apigateway'
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledge.ts'

const PUSH_TO_LOGS = 'service-role/AmazonAPIGatewayPushToCloudWatchLogs'

/**
 * The role by which API Gateway writes the logs of WebSocket APIs, a setting of the account and region. Both stay when
 * the stack goes, since other APIs may have come to use them.
 */
export class AccountLogRole extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id)
    const role = new Role(this, 'Role', {
      description: 'API Gateway writes access logs of WebSocket APIs',
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(PUSH_TO_LOGS)],
    })
    role.applyRemovalPolicy(RemovalPolicy.RETAIN)
    const account = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn })
    account.applyRemovalPolicy(RemovalPolicy.RETAIN)
    acknowledge(
      role,
      `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/${PUSH_TO_LOGS}]`,
      'API Gateway accepts only a role with the rights of this policy, and serves every API of the account with it. ' +
        'The policy can do nothing but write logs, and only API Gateway can assume the role.',
    )
  }
}
