import { RemovalPolicy } from 'aws-cdk-lib'
import { type Attribute, AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import { acknowledge } from './acknowledge.ts'
import { bind } from './functions.ts'
import type { Settings } from './settings.ts'

interface FanoutTableProps {
  readonly sortKey: Attribute
  readonly pointInTimeRecovery: boolean
  readonly removalPolicy: RemovalPolicy
}

/** What both tables have in common: on demand, items that expire, and rights that are named one by one. */
abstract class FanoutTable extends Table {
  /** The variable by which a function learns the table's name. */
  protected abstract readonly variable: string

  constructor(scope: Construct, id: string, props: FanoutTableProps) {
    super(scope, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: props.sortKey,
      timeToLiveAttribute: 'ttl',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: props.pointInTimeRecovery },
      removalPolicy: props.removalPolicy,
      deletionProtection: canBeProtected(props.removalPolicy),
    })
  }

  /** @param actions of DynamoDB, such as `GetItem` */
  allow(to: LambdaFunction, ...actions: readonly string[]): void {
    const allowed = actions.map((action) => `dynamodb:${action}`)
    bind(to, { [this.variable]: this.tableName }, allowed, [this.tableArn])
  }
}

/**
 * With RETAIN, CloudFormation never deletes a table, so protection stands in nobody's way. With
 * RETAIN_ON_UPDATE_OR_DELETE it does, when the deployment that made the table rolls back (CloudFormation template
 * reference, page aws-attribute-deletionpolicy): a protected table would leave the stack in ROLLBACK_FAILED.
 */
function canBeProtected(policy: RemovalPolicy): boolean {
  return policy === RemovalPolicy.RETAIN
}

/** Each user's events and their HEAD (`u#<userId>`, offset), the receipts (`e#<eventId>`, 0) and refusals (`x#<eventId>`, 0). */
export class LogTable extends FanoutTable {
  protected readonly variable = 'LOG_TABLE'

  constructor(scope: Construct, id: string, { pointInTimeRecovery, removalPolicy }: Settings) {
    const sortKey = { name: 'sk', type: AttributeType.NUMBER }
    super(scope, id, { sortKey, pointInTimeRecovery, removalPolicy })
  }
}

/** Each user's open connections, their devices' acknowledgements, and from when on their tokens count. */
export class ConnectionsTable extends FanoutTable {
  protected readonly variable = 'CONNECTIONS_TABLE'

  constructor(scope: Construct, id: string, { removalPolicy }: Settings) {
    const sortKey = { name: 'sk', type: AttributeType.STRING }
    super(scope, id, { sortKey, pointInTimeRecovery: false, removalPolicy })
    acknowledge(
      this,
      'AwsSolutions-DDB3',
      'Holds what is open right now: connections live for two hours at most, and a restored table would name ' +
        'connections that no longer exist. Clients register again by themselves. The one thing that is kept for good, ' +
        'from when on the tokens of a disconnected user count, is set again by disconnecting them again.',
    )
  }
}
