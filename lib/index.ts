/** What a CDK app of one's own imports. */
export { EventFanout } from './event-fanout.ts'
export { EventFanoutStack, type EventFanoutStackProps } from './event-fanout-stack.ts'
export type { FunctionName } from './function-settings.ts'
export type * from './props.ts'
