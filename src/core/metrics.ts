import { OUTCOMES, PROBLEMS, TOKEN_REFUSALS } from './codes.ts'

interface Label {
  readonly name: string
  /** Every value there can be: bounded, or each would be a time series of its own. */
  readonly values: readonly string[]
}

interface CounterDefinition {
  readonly name: string
  readonly help: string
  readonly label?: Label
}

const PUBLISH_RESULTS = ['published', 'duplicate', 'refused', 'failed'] as const

/** What is counted. The same names in Prometheus and in CloudWatch, where the label is a dimension. */
export const COUNTERS = {
  published: {
    name: 'fanout_events_published_total',
    help: 'Events that were asked to be published, by what became of them; "refused" can never be published, "failed" has to be tried again',
    label: { name: 'result', values: PUBLISH_RESULTS },
  },
  deliveries: {
    name: 'fanout_deliveries_total',
    help: 'Pushes of one event to one connection, by their outcome',
    label: { name: 'outcome', values: OUTCOMES },
  },
  connectionsOpened: {
    name: 'fanout_connections_opened_total',
    help: 'WebSocket connections that were let in',
  },
  connectionsClosed: {
    name: 'fanout_connections_closed_total',
    help: 'WebSocket connections that ended, as far as the gateway told',
  },
  resumes: {
    name: 'fanout_resumes_total',
    help: 'Requests over a socket for what came after an offset',
  },
  resumedEvents: {
    name: 'fanout_resumed_events_total',
    help: 'Events that resumes brought',
  },
  repairs: {
    name: 'fanout_silent_losses_repaired_total',
    help: 'Resumes by which a client fetched pushes that it had found missing',
  },
  polls: {
    name: 'fanout_polls_total',
    help: 'Requests for recent events over HTTP that were answered',
  },
  polledEvents: {
    name: 'fanout_polled_events_total',
    help: 'Events that polls brought',
  },
  handlerFailures: {
    name: 'fanout_handler_failures_total',
    help: 'Reports by clients that a handler of the app failed on an event',
  },
  deadLetters: {
    name: 'fanout_dead_letters_total',
    help: 'Messages put away because they can never be published, by the reason',
    label: { name: 'code', values: Object.keys(PROBLEMS) },
  },
  tokensRefused: {
    name: 'fanout_tokens_refused_total',
    help: 'Tokens that were refused, by the reason',
    label: { name: 'reason', values: [...TOKEN_REFUSALS, 'revoked'] },
  },
} as const satisfies Readonly<Record<string, CounterDefinition>>

interface HistogramDefinition {
  readonly name: string
  readonly help: string
}

/** What is measured, in seconds. */
export const HISTOGRAMS = {
  publishToPush: {
    name: 'fanout_publish_to_push_seconds',
    help: 'From the acceptance of an event until a connection had taken it',
  },
  publishToApplied: {
    name: 'fanout_publish_to_applied_seconds',
    help: 'From the logging of an event until a device acknowledged it, of the newest event of a log and of connections that were open before it',
  },
  queueWait: {
    name: 'fanout_queue_wait_seconds',
    help: 'From the sending of a message to the queue until it was taken from there',
  },
} as const satisfies Readonly<Record<string, HistogramDefinition>>

export type CounterKey = keyof typeof COUNTERS
export type HistogramKey = keyof typeof HISTOGRAMS

/** The values of a counter's label; nothing for one that has none. */
type LabelOf<K extends CounterKey> = (typeof COUNTERS)[K] extends {
  label: { values: readonly (infer V extends string)[] }
}
  ? [label: V]
  : []

/** Where counts go. Neither call waits or fails: what is measured must not suffer from it. */
export interface Metrics {
  add<K extends CounterKey>(counter: K, value: number, ...label: LabelOf<K>): void
  observe(histogram: HistogramKey, seconds: number): void
}

/** For whoever does not count. */
export const NO_METRICS: Metrics = { add: () => undefined, observe: () => undefined }
