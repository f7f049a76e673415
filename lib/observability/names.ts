/**
 * What the functions count, as CloudWatch knows it. The functions have these names in a catalogue of their own (`src/core/metrics.ts`),
 * which constructs cannot import; a test compares the two.
 */
export const METRICS_NAMESPACE = 'event-fanout'

/** Every metric has it: one account may hold several deployments. */
export const SERVICE_DIMENSION = 'service'

export const COUNTERS = {
  published: 'fanout_events_published_total',
  deliveries: 'fanout_deliveries_total',
  connectionsOpened: 'fanout_connections_opened_total',
  connectionsClosed: 'fanout_connections_closed_total',
  resumes: 'fanout_resumes_total',
  resumedEvents: 'fanout_resumed_events_total',
  repairs: 'fanout_silent_losses_repaired_total',
  polls: 'fanout_polls_total',
  polledEvents: 'fanout_polled_events_total',
  handlerFailures: 'fanout_handler_failures_total',
  deadLetters: 'fanout_dead_letters_total',
  tokensRefused: 'fanout_tokens_refused_total',
} as const

/** The dimension that a counter has beside the service, with the values that a widget or an alarm names. */
export const LABELS = {
  published: { name: 'result', values: ['published', 'duplicate', 'refused', 'failed'] },
  deliveries: { name: 'outcome', values: ['sent', 'gone', 'throttled', 'failed', 'expired'] },
  deadLetters: { name: 'code', values: [] },
  tokensRefused: { name: 'reason', values: [] },
} as const

export const HISTOGRAMS = {
  publishToPush: 'fanout_publish_to_push_seconds',
  publishToApplied: 'fanout_publish_to_applied_seconds',
  queueWait: 'fanout_queue_wait_seconds',
} as const

export type Counter = keyof typeof COUNTERS
export type LabelledCounter = keyof typeof LABELS
export type Histogram = keyof typeof HISTOGRAMS
