/**
 * JSON-RPC 2.0 over one open WebSocket, both ways: a request has an answer, a notification none.
 *
 * It knows no method and no reconnecting. Source: https://www.jsonrpc.org/specification
 */

import { AnswerTimeout, ConnectionLost, RpcError } from "./errors.js";

/** What an answerer returns to leave a request without an answer, as a device that hangs does. */
export const NO_ANSWER = Symbol("no answer");

const REFUSED = -32000;
const METHOD_NOT_FOUND = -32601;
const INTERNAL_ERROR = -32603;

/**
 * @typedef {object} PeerOptions
 * @property {(method: string, params: any) => unknown} [answer] answers the other end's requests; may return a
 *   promise; may throw `RpcError` (see `refuse`)
 * @property {(method: string, params: any) => void} [told] takes the other end's notifications
 */

/**
 * @typedef {object} Waiting
 * @property {(result: any) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {ReturnType<typeof setTimeout>} timer
 */

export class Peer {
  #socket;
  #options;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #nextId = 1;
  #lost = false;

  /**
   * @param {WebSocket} socket open
   * @param {PeerOptions} [options]
   */
  constructor(socket, options = {}) {
    this.#socket = socket;
    this.#options = options;
  }

  /**
   * Ask, and get the answer.
   *
   * Rejects with `RpcError`, `AnswerTimeout` or `ConnectionLost`; after the latter two the request may have arrived.
   *
   * @param {string} method
   * @param {object} [params]
   * @param {number} [timeoutMs]
   * @returns {Promise<any>}
   */
  call(method, params = {}, timeoutMs = 10_000) {
    if (this.#lost || this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new ConnectionLost());
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new AnswerTimeout(method));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#send({ jsonrpc: "2.0", id, method, params });
    });
  }

  /**
   * @param {string} method
   * @param {object} [params]
   */
  notify(method, params = {}) {
    this.#send({ jsonrpc: "2.0", method, params });
  }

  /**
   * Take one frame. Throws `SyntaxError` or `TypeError` if it is no message: the other end is not a hub.
   *
   * @param {string} text
   */
  receive(text) {
    const message = JSON.parse(text);
    if (typeof message.method === "string") {
      if (message.id === undefined) this.#options.told?.(message.method, message.params ?? {});
      else void this.#answer(message.id, message.method, message.params ?? {});
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return; // its caller has stopped waiting
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.error) waiting.reject(errorOf(message.error));
    else waiting.resolve(message.result);
  }

  /**
   * The connection is gone: whoever waits is told.
   *
   * @param {number} [closeCode]
   */
  lose(closeCode) {
    this.#lost = true;
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new ConnectionLost(closeCode));
    }
    this.#waiting.clear();
  }

  /**
   * @param {string | number} id
   * @param {string} method
   * @param {any} params
   */
  async #answer(id, method, params) {
    try {
      if (!this.#options.answer) throw new RpcError(METHOD_NOT_FOUND, "method_not_found", `No such method: ${method}`);
      const result = await this.#options.answer(method, params);
      if (result !== NO_ANSWER) this.#send({ jsonrpc: "2.0", id, result });
    } catch (error) {
      const known = error instanceof RpcError ? error : new RpcError(INTERNAL_ERROR, "internal_error", String(error));
      const { rpcCode, message, code, retryable, details } = known;
      this.#send({ jsonrpc: "2.0", id, error: { code: rpcCode, message, data: { code, retryable, details } } });
    }
  }

  /** @param {object} message */
  #send(message) {
    if (!this.#lost && this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

/**
 * The domain's "no", to be thrown by an answerer.
 *
 * @param {string} code stable
 * @param {string} message for people
 */
export function refuse(code, message) {
  return new RpcError(REFUSED, code, message);
}

/**
 * For a method that an answerer does not know.
 *
 * @param {string} method
 */
export function unknownMethod(method) {
  return new RpcError(METHOD_NOT_FOUND, "method_not_found", `No such method: ${method}`);
}

/**
 * @param {{ code: number, message: string, data?: { code?: string, retryable?: boolean, details?: any } }} error
 */
function errorOf({ code, message, data }) {
  return new RpcError(code, data?.code ?? "error", message, data?.retryable ?? false, data?.details ?? {});
}
