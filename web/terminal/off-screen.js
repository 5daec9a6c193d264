/** `<screen-off>`: no power, or not let in by the hub. */

import { build, fill, write } from "../view/element.js";
import { refusalText } from "../view/wording.js";
import { Part } from "./part.js";

class OffScreen extends Part {
  #text = build("p", { class: "big" });
  #detail = build("p", { class: "soft" });
  #button = build("button", { type: "button", class: "button primary large", onclick: () => this.#press() });

  draw() {
    fill(this, this.#text, this.#detail, this.#button);
  }

  update() {
    const { setup, client } = this.firmware;
    if (setup.power === "on") {
      write(this.#text, "Not connected");
      write(this.#detail, refusalText(client.status));
      write(this.#button, client.status.code === 4500 ? "Take over again" : "Try again");
    } else {
      write(this.#text, setup.power === "off" ? "Switched off" : "No power");
      write(this.#detail, setup.power === "off" ? "" : "The plug is pulled. What it was doing is kept in its memory.");
      write(this.#button, setup.power === "off" ? "Switch on" : "Plug it in");
    }
  }

  #press() {
    if (this.firmware.setup.power === "on") this.firmware.client.open();
    else this.firmware.switchOn();
  }
}

customElements.define("screen-off", OffScreen);
