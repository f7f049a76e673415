/**
 * How long a call may take. By itself the SDK waits for ever for an answer: its `requestTimeout` only warns unless told to
 * throw, and ends with the headers, so that a body may still hang.
 *
 * The clients are in files of their own, since a bundle takes a package with all of its files: an import does nothing, and
 * creating a client opens no connection.
 */

/**
 * One try, in milliseconds. A connection inside a region takes a few, an answer of these services some tens; what takes
 * a hundred times as long will not come, and another try, over another connection, will sooner.
 */
const TRY = {
  connectionTimeout: 1000,
  requestTimeout: 2000,
  socketTimeout: 2000,
  throwOnRequestTimeout: true,
}

/**
 * One call with all its tries, in milliseconds: three that hang, and the waits between them. A handler makes a few calls
 * one after the other, and API Gateway waits 29 s for it; what fails sooner can still be answered with a reason.
 */
export const CALL_MS = 8000

/** Throttled tries come back at once, so there is time for more than three; hanging ones end with the call. */
export const TRIES = 4

/** Options of the SDK's NodeHttpHandler. The agents keep their connections: a TLS handshake costs more than a call. */
export function handlerWith(maxSockets: number) {
  const agent = { keepAlive: true, maxSockets }
  return { ...TRY, httpAgent: agent, httpsAgent: agent }
}
