/** One call of an AWS API, as it was seen on the wire. */
export interface AwsCall {
  /** When it began, milliseconds since 1970. */
  readonly at: number
  /** Logical id of the function whose credentials signed it; `runner` for what the service itself does (queue poller). */
  readonly caller: string
  /** Where `caller` is `runner`: the function whose role the service used, as a queue's poller and a destination do. */
  readonly onBehalfOf?: string
  readonly service: 'dynamodb' | 'sqs' | 'secretsmanager' | 'execute-api'
  /** The API's operation: PutItem, Query, SendMessageBatch, PostToConnection, … */
  readonly operation: string
  /** ARNs of what it touches, as IAM would see them (`…:table/name`, `…:queue`, `arn:aws:execute-api:region:account:apiId/stage/POST/@connections/id`). */
  readonly resources: readonly string[]
  readonly status: number
  /** The error's type, such as ConditionalCheckFailedException. */
  readonly errorType?: string
  /** Bodies: parsed JSON for JSON protocols; for posts `{ bytes }`. */
  readonly request: unknown
  readonly response: unknown
  readonly durationMs: number
}
