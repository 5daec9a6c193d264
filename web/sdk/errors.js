/**
 * Errors of the SDK: one tree, each with a stable `code` and whether the same call may succeed later.
 *
 *     HubError
 *     ├── RpcError            the hub answered with an error; the connection goes on
 *     ├── ConnectionLost      no answer will come on this connection; the call may have arrived
 *     ├── AnswerTimeout       no answer came in time; the call may have arrived
 *     ├── NotSent             a submission never reached the hub: certainly not charged
 *     └── StorageUnavailable  nothing could be remembered, so nothing was sent
 *
 * A declined payment is a result, never an error.
 */

export class HubError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} retryable
   */
  constructor(code, message, retryable) {
    super(message);
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
  }
}

export class RpcError extends HubError {
  /**
   * @param {number} rpcCode
   * @param {string} code
   * @param {string} message
   * @param {boolean} [retryable]
   * @param {Record<string, unknown>} [details]
   */
  constructor(rpcCode, code, message, retryable = false, details = {}) {
    super(code, message, retryable);
    this.rpcCode = rpcCode;
    this.details = details;
  }
}

export class ConnectionLost extends HubError {
  /** @param {number} [closeCode] the WebSocket close code, if there was one */
  constructor(closeCode) {
    super("connection_lost", "The connection to the hub was lost.", true);
    this.closeCode = closeCode;
  }
}

export class AnswerTimeout extends HubError {
  /** @param {string} method */
  constructor(method) {
    super("answer_timeout", `The hub did not answer ${method} in time.`, true);
  }
}

export class NotSent extends HubError {
  /** @param {string} message */
  constructor(message) {
    super("not_sent", message, true);
  }
}

export class StorageUnavailable extends HubError {
  /** @param {unknown} cause */
  constructor(cause) {
    super("storage_unavailable", "This browser stores nothing for this page, so a payment cannot be made safe.", false);
    this.cause = cause;
  }
}
