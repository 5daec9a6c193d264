/**
 * WebSocket close codes of the hub: the range says whether to come back.
 *
 * 4000–4499: come back, after a full-jitter pause; the reason may carry `retry_after_ms=N`.
 * 4500–4999: do not come back by yourself; something must change first.
 * Of the standard codes, 1000 and 1003/1007/1009 mean "do not repeat what you did", all others "come back".
 */

export const CloseCode = Object.freeze({
  UNSUPPORTED_DATA: 1003,
  DRAINING: 4000,
  SLOW_CONSUMER: 4001,
  FLOODING: 4002,
  TOO_MANY_CONNECTIONS: 4003,
  STORE_UNAVAILABLE: 4004,
  INTERNAL_ERROR: 4005,
  HELLO_TIMEOUT: 4006,
  REPLACED: 4500,
  UNAUTHORISED: 4501,
  REVOKED: 4502,
  HELLO_EXPECTED: 4503,
  PROTOCOL_ERRORS: 4504,
});

/**
 * Whether a client may reconnect by itself after this close code (undefined: the link just broke).
 *
 * @param {number | undefined} code
 */
export function mayComeBack(code) {
  if (code === undefined) return true;
  if (code >= 4000) return code < 4500;
  return ![1000, 1003, 1007, 1009].includes(code);
}

/**
 * How soon the hub asks the client to come back, in milliseconds, if the reason says so.
 *
 * @param {string} reason
 */
export function retryAfterMs(reason) {
  const found = /retry_after_ms=(\d{1,9})/.exec(reason);
  return found ? Number(found[1]) : undefined;
}
