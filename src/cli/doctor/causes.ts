/**
 * Why a link of a deployment does not hold: `fanout doctor` names exactly one cause for each that fails. Codes are stable, texts may
 * change; docs/doctor.md has the same table.
 */
export const CAUSES = {
  server_down: {
    meaning: 'nothing answers at the server’s address',
    remedy:
      'start the server, or correct --url; from another network also look at name resolution, the firewall and the certificate',
  },
  not_event_fanout: {
    meaning: 'something answers at the server’s address, and it is not event-fanout',
    remedy: 'correct --url; or look at what stands in front of the server and answers in its place',
  },
  unhealthy: {
    meaning: 'the server runs, and a part of it does not work',
    remedy: 'mend the part that is named; the server’s log has the details',
  },
  health_hidden: {
    meaning: 'the server answers, and its /health cannot be had from here',
    remedy: 'nothing, if that is meant so; else let /health through, or ask from inside',
  },
  clock_wrong: {
    meaning:
      'the clocks of the server and of this machine differ by more than the 5 s that tokens are allowed',
    remedy: 'let both machines take their time from NTP; until then tokens end too early or are refused',
  },
  token_refused: {
    meaning: 'the server refuses the token',
    remedy:
      'the reason is in the server’s log; `missing` there means that something on the way takes the header Authorization away. A token that is made here needs the JWT_SECRET or DATA_DIR of the server, and its JWT_ISSUER and JWT_AUDIENCE; of an issuer’s, compare issuer, audience and keys; the tokens of a user who was disconnected have to be newer than that',
  },
  token_ended: {
    meaning: 'the token that was given has ended',
    remedy: 'get a new one; if apps have such tokens as well, look at how they renew them',
  },
  scope_missing: {
    meaning: 'the token is good and does not allow this',
    remedy:
      'publishing needs the scope events:publish, looking at receipts events:admin, in `scope` of the token',
  },
  everything_accepted: {
    meaning: 'a token with a damaged signature is accepted: anybody can be anybody',
    remedy:
      'take it off the network at once; look for what stands in front and checks tokens itself, or answers in the server’s place',
  },
  api_blocked: {
    meaning: 'the server’s /health can be had, and something else answers in place of its API',
    remedy: 'let /api/v1/ through unchanged: method, Authorization header, body and status',
  },
  websocket_blocked: {
    meaning: 'no WebSocket gets through: what answers, or does not, is not event-fanout',
    remedy:
      'correct --ws-url if it is wrong; else let the upgrade through: a proxy needs HTTP/1.1 with Upgrade and Connection passed on, a firewall the port. Until then apps poll',
  },
  handshake_refused: {
    meaning: 'the WebSocket’s address answers and refuses the handshake',
    remedy:
      'on AWS, and with `npm run start:aws`, the path is the stage, as in wss://…/v1; of a 5xx or 429 the server’s log says more',
  },
  token_stripped: {
    meaning: 'the same token is taken one way and not this way: it gets lost on the way',
    remedy:
      'let the header through that carries it: Authorization, or for browsers Sec-WebSocket-Protocol; for the query, the whole address',
  },
  origin_refused: {
    meaning: 'pages of this origin may not connect, or not read polls',
    remedy: 'add the origin, as scheme, host and port, to ALLOWED_ORIGINS, or on AWS to `allowedOrigins`',
  },
  publish_refused: {
    meaning: 'the event was not accepted',
    remedy:
      'the answer says why; of a 5xx the server’s log does. Nothing is acknowledged, so publishers retry',
  },
  recipients_missing: {
    meaning: 'the event was accepted, and not for both people whom it names',
    remedy:
      'something on the way changes events; compare what arrived, fanout trace <id> --payload, with what was sent',
  },
  push_missing: {
    meaning: 'the event is accepted, and did not come on every socket',
    remedy:
      'look at its deliveries with fanout trace <id>; if they are `sent`, something between keeps frames back; if there are none, several servers run that do not know of each other’s sockets',
  },
  duplicate_taken: {
    meaning: 'the same event was accepted a second time: it is in the logs twice',
    remedy:
      'two servers with a log each stand behind this address; let one serve, or have them share one log',
  },
  duplicate_pushed: {
    meaning: 'the same event was pushed again, though it was known to be a duplicate',
    remedy: 'clients drop it by its offset; report it with the server’s version and log',
  },
  polling_blocked: {
    meaning:
      'the server is there, and its polls do not get through: what answers, or does not, is not event-fanout',
    remedy:
      'look at the proxy, firewall or cache in between: GET /api/v1/events/recent has to pass with its query, its Authorization header and without being cached',
  },
  polling_wrong: {
    meaning: 'a poll does not have the event exactly once',
    remedy:
      'if something caches the answers, let it not; else another server with another log answers polls than takes events',
  },
  resume_incomplete: {
    meaning: 'a new socket that resumes before the event does not get it exactly once',
    remedy:
      'another server with another log answers sockets than takes events, or the answer is changed on the way',
  },
  receipt_missing: {
    meaning: 'the server accepted the event, and cannot tell its way',
    remedy:
      'if the answer is 404 for the path, the server is older than this command: update it; else see its log',
  },
  ack_lost: {
    meaning: 'the event was acknowledged, and the server does not know that',
    remedy:
      'look for errors of messages in the server’s log; until then `fanout why` says not_acknowledged of everybody',
  },
  queue_stuck: {
    meaning: 'an event was put into the queue and did not come out in time',
    remedy:
      'look at the age of the queue’s oldest message and at the log of the function `event`: it fails, is throttled, or its trigger is off',
  },
  redis_unreachable: {
    meaning: 'there is no connection to Redis',
    remedy:
      'the text says which address was tried and what came; correct --redis, user, password or TLS, or start it',
  },
  redis_nobody_listens: {
    meaning: 'Redis works, and no bridge takes from it: whatever is published on a channel now is lost',
    remedy:
      'start fanout bridge, or npm start with REDIS_URL, with the same Redis, channel and --from; docs/bridge.md says which loses nothing',
  },
  redis_message_lost: {
    meaning: 'somebody takes from Redis, and the event did not come in time',
    remedy:
      'look at the bridge’s /health: its lag and its problems; a subscriber that is no bridge, or a bridge to another server, explains it as well',
  },
  dead_letters: {
    meaning: 'there are messages that could not be published',
    remedy:
      'of Redis: fanout bridge dead shows which and why, fanout bridge replay publishes them; on AWS look at the dead-letter queue',
  },
  out_of_time: {
    meaning: 'the links before took all of the time that there is',
    remedy: 'mend what is slow, or give more with --deadline',
  },
} as const satisfies Readonly<Record<string, { readonly meaning: string; readonly remedy: string }>>

export type Cause = keyof typeof CAUSES
