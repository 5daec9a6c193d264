/** `<dashboard-codes>`: the pairing codes that are good for something now, all but their last digits blanked. */

import { build, fill, write } from "../view/element.js";
import { countdown, exactTime } from "../view/moment.js";
import { linkTo, stateBadge } from "./badge.js";
import { Sheet } from "./sheet.js";
import { View } from "./view.js";

/** @typedef {import("../sdk/dashboard-messages.js").CodeRow} CodeRow */

class CodesView extends View {
  /** @type {Sheet<CodeRow>} */
  #sheet = new Sheet(
    "Live pairing codes",
    [
      { name: "Code", show: ({ code }) => code, make: ({ code, code_id }) => linkTo("codes", code_id, code), class: "mono" },
      { name: "Device", show: ({ device_id }) => device_id, make: ({ device_id }) => linkTo("devices", device_id) },
      { name: "State", show: ({ state }) => state, make: ({ state }) => stateBadge("pairing_code", state) },
      { name: "Good for", show: ({ expires_at }) => expires_at, make: ({ expires_at }) => build("span", { class: "countdown", "data-until": expires_at }), class: "figures number" },
      { name: "Session ends", show: ({ session_ends_at }) => exactTime(session_ends_at), class: "figures minor" },
    ],
    ({ code_id }) => code_id,
  );

  get heading() {
    return "Pairing codes";
  }

  get wanted() {
    return { kinds: ["pairing_code"] };
  }

  /** @param {HTMLElement} body */
  draw(body) {
    fill(body, build("section", { class: "card stack" }, build("p", { class: "soft small" }, "A code is shown in full on its device only. One that was replaced on the screen is still accepted until it expires."), this.#sheet.element));
    const clock = setInterval(() => this.#count(), 1_000);
    this.atEnd(() => clearInterval(clock));
  }

  async load() {
    this.#sheet.show(await this.client.codes(), "No device shows a code now.");
    this.#count();
  }

  #count() {
    for (const cell of this.querySelectorAll(".countdown")) {
      const left = Date.parse(cell.getAttribute("data-until") ?? "") - this.client.now();
      write(cell, countdown(left / 1000));
    }
  }
}

customElements.define("dashboard-codes", CodesView);
