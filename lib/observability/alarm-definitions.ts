import { Duration } from 'aws-cdk-lib'
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch'
import type { FunctionName } from '../function-settings.ts'
import type { AlarmName } from './alarm-names.ts'
import { type FanoutMetrics, PERIOD, shareAmong, shareOf, sumOf } from './fanout-metrics.ts'

/** One alarm, and the page of docs/runbook that has its name. */
export interface AlarmDefinition {
  /** What is wrong, for whoever is woken by it. `{}` stands for the threshold. */
  readonly what: string
  /** Above it, the alarm goes off. Why it is this one stands beside it, and in the runbook. */
  readonly threshold: number
  /** In how many periods of the last three it has to be exceeded. */
  readonly periods: 1 | 2 | 3
  /** Nothing, if there is nothing to watch. */
  readonly watches: (metrics: FanoutMetrics) => IMetric | undefined
}

/** A share of fewer failures than this says nothing: one of two is half. Few enough that a small deployment is watched as well. */
const FEW = 5

/** Errors of the authorizer are left out: it ends with one for every token that it refuses, as API Gateway asks. */
const ERRORS_OF: readonly FunctionName[] = ['connect', 'disconnect', 'message', 'event', 'publish', 'recent']
const THROTTLES_OF: readonly FunctionName[] = ['authorize', ...ERRORS_OF]

const QUARTER = Duration.minutes(15)

export const ALARMS: Readonly<Record<AlarmName, AlarmDefinition>> = {
  'dead-letters': {
    what: 'An event could not be published and was put away: its recipients do not see it. More than {} dead letters are waiting',
    // Each is an event that somebody does not see, and stays until somebody looks.
    threshold: 0,
    periods: 1,
    watches: (metrics) => metrics.deadLetters(),
  },
  'undelivered-events': {
    what: 'EventBridge could not hand over an event: its recipients do not see it. More than {} are waiting',
    // As above.
    threshold: 0,
    periods: 1,
    watches: (metrics) => metrics.undelivered(),
  },
  'queue-age': {
    what: 'Events wait in the queue for more than {} seconds: screens are behind by as much',
    // A publish that fails comes back after 2, 8, 32 and 128 s: a hiccup is over by then. What waits for 300 s does not mend itself.
    threshold: 300,
    periods: 1,
    watches: (metrics) => metrics.queueAge(),
  },
  'delivery-failures': {
    what: 'More than {} % of the pushes to open connections fail: screens update only with the next ping or poll',
    // Every event is in the log all the same, and each client finds out within a minute: so not at the first failure, but
    // well before people notice.
    threshold: 5,
    periods: 2,
    watches: (metrics) =>
      ifCounted(metrics, () => shareOf(pushes(metrics, 'failed'), pushes(metrics, 'sent'), FEW, 'failed, %')),
  },
  'throttled-deliveries': {
    what: 'More than {} % of the pushes to open connections are throttled: screens update only with the next ping or poll',
    // A single device that takes too slowly is throttled as well, so not at the first; an account's limit hits many at once.
    threshold: 5,
    periods: 2,
    watches: (metrics) =>
      ifCounted(metrics, () =>
        shareOf(pushes(metrics, 'throttled'), pushes(metrics, 'sent'), FEW, 'throttled, %'),
      ),
  },
  'push-latency': {
    what: 'One push in a hundred comes more than {} seconds after its event was accepted',
    // A post has 3 s: what takes longer was tried again, or waited for others. Normal are some 100 ms.
    threshold: 3,
    // One cold start must not wake anybody.
    periods: 3,
    watches: (metrics) => ifCounted(metrics, () => metrics.percentile('publishToPush', 99)),
  },
  'function-errors': {
    what: 'Functions ended more than {} times in 5 minutes with an error that they do not handle',
    // Handlers answer what goes wrong by themselves; an error is a timeout, a lack of memory, or a table out of reach. Clients and
    // queues try again, so one or two are nothing.
    threshold: 5,
    periods: 1,
    watches: (metrics) =>
      sumOf(
        ERRORS_OF.map((name) => metrics.errorsOf(name)),
        'errors',
      ),
  },
  'function-throttles': {
    what: 'Lambda refused more than {} invocations in 5 minutes, again and again',
    // A burst may outrun Lambda's scaling once (1,000 more each 10 s); what goes on is the account's limit, which others share.
    threshold: 0,
    periods: 2,
    watches: (metrics) =>
      sumOf(
        THROTTLES_OF.map((name) => metrics.throttlesOf(name)),
        'throttles',
      ),
  },
  'table-throttles': {
    what: 'DynamoDB put off more than {} requests in 5 minutes, again and again',
    // A table on demand takes twice its last peak at once, and the SDK tries again; what goes on is one hot user, or a limit.
    threshold: 0,
    periods: 2,
    watches: (metrics) => sumOf(metrics.tableThrottles(), 'throttles'),
  },
  'http-errors': {
    what: 'More than {} % of the HTTP requests are answered with 5xx: publishers and polling clients have to try again',
    // Publishers retry, and nothing is lost: a share that they bridge for minutes, not for hours.
    threshold: 5,
    periods: 2,
    watches: (metrics) => shareAmong(metrics.http('5xx'), metrics.http('Count'), FEW, '5xx, %'),
  },
  'refused-publishes': {
    what: 'A publisher sent more than {} events in 15 minutes that can never be published: nobody sees them',
    // A person who tries something by hand sends a few; a backend that was deployed with a mistake goes on.
    threshold: 5,
    periods: 1,
    watches: (metrics) => ifCounted(metrics, () => metrics.countOf('published', 'refused', QUARTER)),
  },
  'refused-connections': {
    what: 'More than {} % of the connections that clients want to open are refused: they cannot see anything live',
    // Tokens that have just expired are refused all day; when it is most of them, the keys do not match or cannot be had.
    threshold: 50,
    periods: 2,
    watches: (metrics) =>
      shareAmong(metrics.errorsOf('authorize'), metrics.invocationsOf('authorize'), FEW, 'refused, %'),
  },
  'handler-failures': {
    what: 'Apps reported more than {} times in 15 minutes that a handler failed on an event: their screens did not update',
    // One device in an odd state may report a few; a release with a mistake does so on every device.
    threshold: 5,
    periods: 1,
    watches: (metrics) => ifCounted(metrics, () => metrics.count('handlerFailures', undefined, QUARTER)),
  },
}

function pushes(metrics: FanoutMetrics, outcome: string) {
  return metrics.countOf('deliveries', outcome, PERIOD)
}

function ifCounted<T>(metrics: FanoutMetrics, make: () => T): T | undefined {
  return metrics.counts ? make() : undefined
}
