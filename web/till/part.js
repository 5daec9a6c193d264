/** A part of the till's page: drawn once, brought up to date whenever the till changes. */

export class Part extends HTMLElement {
  /** @type {import("./till.js").Till | undefined} */
  #till;

  /** @param {import("./till.js").Till} till */
  set till(till) {
    this.#till = till;
    // Before the parts inside do: what contains them is shown or hidden first.
    till.on("change", () => this.update());
    till.sale.on("change", () => this.update());
    this.draw();
    this.update();
  }

  /** @returns {import("./till.js").Till} */
  get till() {
    if (!this.#till) throw new Error("This part belongs to no till yet.");
    return this.#till;
  }

  get station() {
    return this.till.station;
  }

  /** Make what never changes. */
  draw() {}

  /** Bring up to date what does. */
  update() {}
}
