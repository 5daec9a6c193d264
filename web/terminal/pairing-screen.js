/** `<screen-pairing>`: the code in large digits, and how long it is good for. */

import { announce } from "../view/announcer.js";
import { build, fill, write } from "../view/element.js";
import { countdown } from "../view/moment.js";
import { Part } from "./part.js";

class PairingScreen extends Part {
  #code = build("p", { class: "code figures" });
  #left = build("p", { class: "soft figures" });
  #bar = build("progress", { max: "1", "aria-label": "Time left for this code" });
  #seconds = 1;

  draw() {
    fill(
      this,
      build(
        "div",
        { class: "middle" },
        build("p", { class: "soft" }, "Type this code in the POS"),
        this.#code,
        this.#bar,
        this.#left,
      ),
      build(
        "button",
        { type: "button", class: "button wide", onclick: () => this.firmware.pairing.start() },
        "New code",
      ),
      build(
        "button",
        { type: "button", class: "button wide", onclick: () => this.firmware.pairing.stop() },
        "Stop pairing",
      ),
    );
    setInterval(() => this.#tick(), 1000);
  }

  update() {
    const { code } = this.firmware.pairing;
    if (!code) {
      write(this.#code, "");
      return;
    }
    const text = code.code.replace(/(\d{4})(?=\d)/g, "$1 ");
    if (this.#code.textContent !== text) {
      write(this.#code, text);
      this.#seconds = code.expires_in_seconds;
      announce(`Pairing code ${[...code.code].join(" ")}`);
    }
    this.#tick();
  }

  #tick() {
    const left = (this.firmware.pairing.until - Date.now()) / 1000;
    write(this.#left, left > 0 ? `Good for ${countdown(left)}` : "A new code is on its way");
    this.#bar.value = Math.max(0, left / this.#seconds);
  }
}

customElements.define("screen-pairing", PairingScreen);
