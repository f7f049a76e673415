/** Each alarm, by the name of its page in docs/runbook. */
export const ALARM_NAMES = [
  'dead-letters',
  'undelivered-events',
  'queue-age',
  'delivery-failures',
  'throttled-deliveries',
  'push-latency',
  'function-errors',
  'function-throttles',
  'table-throttles',
  'http-errors',
  'refused-publishes',
  'refused-connections',
  'handler-failures',
] as const

export type AlarmName = (typeof ALARM_NAMES)[number]
