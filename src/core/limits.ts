/** Every number that the protocol promises, in one place. Sizes are bytes of UTF-8, times are milliseconds. */
export const LIMITS = {
  /** One serialized event, its `id` included: with its envelope it still fits API Gateway's 128 KB message. */
  eventBytes: 120 * 1024,
  /** The body of one publish request that carries an array. */
  batchBytes: 1024 * 1024,
  batchEvents: 100,
  recipients: 100,
  /** Event ids, user ids and device names, in UTF-16 code units, as JavaScript counts them. */
  idLength: 128,
  typeLength: 256,
  /** Nested arrays and objects: deeper ones overflow the stack of recursive parsers, those of clients included. */
  depth: 100,
  /** The default and the most of `limit` when reading. */
  pageEvents: 100,
  /** A page over HTTP. */
  pageBytes: 1024 * 1024,
  /** A page over a socket. */
  socketPageBytes: 124 * 1024,
  /** How many events `since` walks back at most. */
  sinceWalk: 1000,
  /** The error text of a client's report; what is longer is cut. */
  reportLength: 1000,
  /** What a receipt tells of single deliveries, as JSON. DynamoDB's item has 400 KB, and a receipt has more to say. */
  deliveryBytes: 128 * 1024,
  /** Pushes of one event under way at once. */
  pushConcurrency: 50,
  /**
   * From then on no further push of an event is begun; what is left counts as `failed`, and the clients' own repair
   * finds it. Two thousand dead sockets must not outlast the function that pushes, or the event would be tried for ever.
   */
  pushDeadline: 15_000,
  /**
   * A connection younger than this is never pruned for being gone: API Gateway answers 410 for one whose `$connect`
   * has not finished, and deleting it then would leave a live client deaf.
   */
  pruneGrace: 30_000,
  /** Of one device: more would make its row cost a second write unit on AWS. */
  acknowledgements: 8,
  /** Of one device: what fails for longer is in the app's own log. */
  reports: 5,
  /** That are told of: more than people have. */
  devicesPerUser: 100,
  /** How old the time may be at which a device was last seen. A poll that brings nothing is not worth a write each time. */
  seenAccuracy: 10 * 60_000,
  /** What is kept of a refusal's text. */
  refusalLength: 500,
  /** The default cap on one user's open connections. */
  connectionsPerUser: 20,
} as const
