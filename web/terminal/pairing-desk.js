/** Pairing, as the terminal's screen needs it: the code to show, until when, and how it ended. */

export class PairingDesk {
  #client;
  /** @type {import("../sdk/messages.js").PairingCodeShown | null} */
  code = null;
  /** When the code is no longer good, on this page's clock. */
  until = 0;
  /** How the last session ended, until something else happens: a cause of `pairing.closed`. */
  ended = "";

  /**
   * @param {import("../sdk/device.js").DeviceClient} client
   * @param {() => void} changed
   */
  constructor(client, changed) {
    this.#client = client;
    client.on("code", (code) => {
      this.code = code;
      this.until = code ? Date.now() + code.expires_in_seconds * 1000 : 0;
      changed();
    });
    client.on("closed", ({ cause }) => {
      this.ended = cause;
      changed();
    });
  }

  /** Open pairing, or ask for a fresh code. A link that breaks just now shows as such. */
  async start() {
    this.ended = "";
    await this.#client.startPairing().catch(() => {});
  }

  async stop() {
    await this.#client.stopPairing().catch(() => {});
  }

  /** Nothing of it is on the screen any more. */
  clear() {
    this.code = null;
    this.ended = "";
  }
}
