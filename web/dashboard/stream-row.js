/** One row of the stream; it is written again for another happening when its own is out of view. */

import { build, write } from "../view/element.js";
import { short } from "./badge.js";
import { addressOf } from "./route.js";
import { preciseTime } from "./timing.js";
import { KINDS, VIEW_OF_KIND, stateWords } from "./words.js";

export class StreamRow {
  #time = build("span");
  #kind = build("td", { class: "minor" });
  // Where there is no room for columns of them, the subject stands under the time, and what happened under the state.
  #subjects = [build("a", { class: "mono" }), build("a", { class: "mono on-phone" })];
  #whats = [build("code"), build("code", { class: "on-phone" })];
  #state = build("span", { class: "badge" });
  #device = build("a", { class: "mono" });
  #detail = build("td", { class: "soft minor" });
  element = build(
    "tr",
    {},
    build("th", { scope: "row", class: "figures" }, this.#time, this.#subjects[1]),
    this.#kind,
    build("td", { class: "minor" }, this.#subjects[0]),
    build("td", { class: "minor" }, this.#whats[0]),
    build("td", {}, this.#state, this.#whats[1]),
    build("td", { class: "minor" }, this.#device),
    this.#detail,
  );

  /** @param {import("../sdk/dashboard-messages.js").Happening} happening */
  show({ kind, subject, what, state, at, device_id, detail }) {
    const { text, tone } = stateWords(kind, state);
    write(this.#time, preciseTime(at));
    write(this.#kind, KINDS[kind] ?? kind);
    for (const link of this.#subjects) {
      write(link, short(subject));
      link.href = addressOf(VIEW_OF_KIND[kind] ?? "events", subject);
      link.title = subject;
    }
    for (const code of this.#whats) write(code, what);
    write(this.#state, text);
    this.#state.dataset.tone = tone;
    write(this.#device, device_id ?? "");
    this.#device.hidden = !device_id;
    this.#device.href = addressOf("devices", device_id);
    write(this.#detail, detail ?? "");
  }
}
