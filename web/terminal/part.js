/** A part of the terminal's page: drawn once, brought up to date whenever the terminal changes. */

export class Part extends HTMLElement {
  /** @type {import("./firmware.js").Firmware | undefined} */
  #firmware;

  /** @param {import("./firmware.js").Firmware} firmware */
  set firmware(firmware) {
    this.#firmware = firmware;
    // Before the parts inside do: what contains them is shown or hidden first.
    firmware.on("change", () => this.update());
    this.draw();
    this.update();
  }

  /** @returns {import("./firmware.js").Firmware} */
  get firmware() {
    if (!this.#firmware) throw new Error("This part belongs to no terminal yet.");
    return this.#firmware;
  }

  /** Make what never changes. */
  draw() {}

  /** Bring up to date what does. */
  update() {}
}
