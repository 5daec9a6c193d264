/** One row of the stream; it is written again for another happening when its own is out of view. */

import { build, write } from "../view/element.js";
import { short } from "./badge.js";
import { addressOf } from "./route.js";
import { preciseTime } from "./timing.js";
import { KINDS, VIEW_OF_KIND, stateWords } from "./words.js";

export class StreamRow {
  #time = build("th", { scope: "row", class: "figures" });
  #kind = build("td", { class: "minor" });
  #subject = build("a", { class: "mono" });
  #what = build("code");
  #state = build("span", { class: "badge" });
  #device = build("a", { class: "mono" });
  #detail = build("td", { class: "soft minor" });
  element = build(
    "tr",
    {},
    this.#time,
    this.#kind,
    build("td", {}, this.#subject),
    build("td", {}, this.#what),
    build("td", {}, this.#state),
    build("td", { class: "minor" }, this.#device),
    this.#detail,
  );

  /** @param {import("../sdk/dashboard-messages.js").Happening} happening */
  show({ kind, subject, what, state, at, device_id, detail }) {
    const { text, tone } = stateWords(kind, state);
    write(this.#time, preciseTime(at));
    write(this.#kind, KINDS[kind] ?? kind);
    write(this.#subject, short(subject));
    this.#subject.href = addressOf(VIEW_OF_KIND[kind] ?? "events", subject);
    this.#subject.title = subject;
    write(this.#what, what);
    write(this.#state, text);
    this.#state.dataset.tone = tone;
    write(this.#device, device_id ?? "");
    this.#device.hidden = !device_id;
    this.#device.href = addressOf("devices", device_id);
    write(this.#detail, detail ?? "");
  }
}
