/**
 * A connection that comes back: opens the socket, greets, watches that it lives, and returns after a pause.
 *
 * Laws: one socket at a time. The pause has full jitter (uniform between 0 and a bound that doubles), or starts at what
 * the hub asked for. Close codes decide whether to return at all. Of itself it sends nothing but hello and ping.
 */

import { mayComeBack, retryAfterMs } from "./closing.js";
import { Emitter } from "./emitter.js";
import { ConnectionLost, HubError } from "./errors.js";
import { Peer } from "./peer.js";

/**
 * Where a link stands. `closed`: not wanted. `refused`: it must not come back by itself; `code`, `reason` and `error`
 * tell why. `waiting`: it comes back at `retryAt` (milliseconds since the epoch).
 *
 * @typedef {object} LinkStatus
 * @property {"closed" | "connecting" | "online" | "waiting" | "refused"} phase
 * @property {number} [code]
 * @property {string} [reason]
 * @property {HubError} [error]
 * @property {number} [retryAt]
 */

/**
 * @typedef {object} LinkOptions
 * @property {string} url
 * @property {string} protocol
 * @property {(peer: Peer) => Promise<number>} greet says hello and takes the welcome; returns the heartbeat in seconds
 * @property {(method: string, params: any) => unknown} [answer]
 * @property {(method: string, params: any) => void} [told]
 * @property {(code: number | undefined) => boolean} [returns] whether to come back after this close code; by default as
 *   the hub's ranges say
 * @property {{ baseMs: number, capMs: number }} [pause]
 */

/** @typedef {{ code?: number, reason: string, error?: HubError }} Ending */

const OPEN_TIMEOUT_MS = 15_000;
const STEADY_MS = 10_000;
const RESTART_MS = 1_000; // sooner than this, something is wrong, and it is not made worse by haste
// Applications may use 3000–3999 for themselves; the hub's ranges start at 4000.
const GIVEN_UP = 3000;

/** @extends {Emitter<{ status: LinkStatus }>} */
export class Link extends Emitter {
  #options;
  /** @type {LinkStatus} */
  #status = { phase: "closed" };
  /** @type {Peer | null} */
  #peer = null;
  #wanted = 0; // the run that is wanted; 0: none
  #runs = 0;
  #failures = 0;
  /** @type {(ending: Ending) => void} */
  #end = () => {};
  #wake = () => {};
  #awake = new AbortController();
  /** @type {HubError | undefined} */
  #greetingError;

  /** @param {LinkOptions} options */
  constructor(options) {
    super();
    this.#options = options;
  }

  get status() {
    return this.#status;
  }

  get isOnline() {
    return this.#status.phase === "online";
  }

  /** Connect, and stay connected until `close`. */
  open() {
    if (this.#wanted) return;
    this.#wanted = ++this.#runs;
    this.#failures = 0;
    void this.#run(this.#wanted);
    // A laptop that wakes, or a phone that finds its network, should not sit out a long pause.
    this.#awake = new AbortController();
    const { signal } = this.#awake;
    globalThis.addEventListener?.("online", () => this.#wake(), { signal });
    globalThis.document?.addEventListener("visibilitychange", () => this.#wake(), { signal });
  }

  /** Disconnect, and stay away. */
  close() {
    this.#wanted = 0;
    this.#awake.abort();
    this.#set({ phase: "closed" });
    this.#end({ code: 1000, reason: "" });
    this.#wake();
  }

  /** Give up this connection and come back at once, as when something was missed on it. */
  restart() {
    this.#failures = 0;
    this.#end({ reason: "restart" });
    this.#wake();
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {number} [timeoutMs]
   * @returns {Promise<any>}
   */
  call(method, params, timeoutMs) {
    if (!this.#peer || !this.isOnline) return Promise.reject(new ConnectionLost());
    return this.#peer.call(method, params, timeoutMs);
  }

  /** Resolves as soon as the link is online; rejects if it is refused or closed meanwhile. */
  async whenOnline() {
    while (!this.isOnline) {
      const { phase, error, code } = this.#status;
      if (phase === "refused" || phase === "closed") throw error ?? new ConnectionLost(code);
      await new Promise((resolve) => {
        const off = this.on("status", () => {
          off();
          resolve(undefined);
        });
      });
    }
  }

  /** @param {number} run */
  async #run(run) {
    while (this.#wanted === run) {
      const openedAt = Date.now();
      this.#set({ phase: "connecting" });
      const ending = await this.#session();
      if (this.#wanted !== run) return;
      const { returns = mayComeBack } = this.#options;
      const comeBack = ending.error ? ending.error.retryable : returns(ending.code);
      if (!comeBack) {
        this.#wanted = 0;
        this.#awake.abort();
        this.#set({ phase: "refused", ...ending });
        return;
      }
      const lived = Date.now() - openedAt;
      if (ending.reason === "restart" && lived > RESTART_MS) continue;
      if (lived > STEADY_MS) this.#failures = 0;
      await this.#pause(retryAfterMs(ending.reason), ending);
    }
  }

  /**
   * @param {number | undefined} asked
   * @param {Ending} ending
   */
  async #pause(asked, ending) {
    const { baseMs, capMs } = this.#options.pause ?? { baseMs: 500, capMs: 15_000 };
    const bound = Math.min(capMs, baseMs * 2 ** this.#failures++);
    const wait = (asked ?? 0) + Math.random() * bound;
    this.#set({ phase: "waiting", ...ending, retryAt: Date.now() + wait });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
    this.#wake = () => {};
  }

  /**
   * One connection, from opening to its end.
   *
   * @returns {Promise<Ending>}
   */
  async #session() {
    const socket = new WebSocket(this.#options.url, [this.#options.protocol]);
    const peer = new Peer(socket, this.#options);
    /** @type {Promise<Ending>} */
    const ended = new Promise((resolve) => {
      this.#end = resolve;
      socket.onclose = ({ code, reason }) => resolve({ code, reason });
    });
    const opening = setTimeout(() => this.#end({ reason: "open timeout" }), OPEN_TIMEOUT_MS);
    socket.onmessage = ({ data: text }) => {
      try {
        peer.receive(text);
      } catch {
        this.#end({ reason: "not a hub's message" });
      }
    };
    /** @type {Promise<void> | undefined} */
    let greeting;
    socket.onopen = () => {
      clearTimeout(opening);
      greeting = this.#greet(peer);
    };
    const ending = await ended;
    clearTimeout(opening);
    this.#peer = null;
    peer.lose(ending.code);
    // The closing handshake with a dead peer can take minutes; nobody waits for it.
    socket.onclose = socket.onmessage = socket.onopen = null;
    const close = () => socket.close(ending.code === 1000 ? 1000 : GIVEN_UP);
    // Browsers complain in the console about a socket that is closed before it was open.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = close;
    else close();
    await greeting; // it may know better than the close code why it was refused
    const error = this.#greetingError;
    this.#greetingError = undefined;
    return error ? { ...ending, error } : ending;
  }

  /** @param {Peer} peer */
  async #greet(peer) {
    const end = this.#end;
    try {
      const heartbeatSeconds = await this.#options.greet(peer);
      if (this.#end !== end || !this.#wanted) return;
      this.#peer = peer;
      this.#set({ phase: "online" });
      void this.#watch(peer, heartbeatSeconds * 1000, end);
    } catch (error) {
      // A close code says it all by itself; an answer or a page's own verdict goes with the ending.
      if (error instanceof HubError && !(error instanceof ConnectionLost)) this.#greetingError = error;
      end({ reason: error instanceof Error ? error.message : "" });
    }
  }

  /**
   * A browser cannot send WebSocket pings, so the protocol's own find out that the link is dead.
   *
   * @param {Peer} peer
   * @param {number} everyMs
   * @param {(ending: Ending) => void} end
   */
  async #watch(peer, everyMs, end) {
    while (this.#peer === peer) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      if (this.#peer !== peer) return;
      try {
        await peer.call("ping", {}, everyMs);
      } catch (error) {
        if (error instanceof HubError && error.retryable) end({ reason: "no pong" });
      }
    }
  }

  /** @param {LinkStatus} status */
  #set(status) {
    this.#status = status;
    this.emit("status", status);
  }
}
