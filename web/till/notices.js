/** `<till-notices>`: what people must be told at once, of any register, until they have seen it. */

import { alarm } from "../view/announcer.js";
import { build, list } from "../view/element.js";
import { clockTime } from "../view/moment.js";
import { Part } from "./part.js";

/** @typedef {{ station: import("./station.js").Station, notice: import("./station.js").Notice }} Told */

class Notices extends Part {
  draw() {
    this.till.on("notice", ({ notice }) => {
      alarm(`${notice.title}. ${notice.text}`);
      this.update();
    });
  }

  update() {
    const all = this.till.stations.flatMap((station) => station.notices.map((notice) => ({ station, notice })));
    list(this, all, { key: ({ notice }) => `${notice.at} ${notice.title}`, make: (told) => this.#make(told) });
  }

  /** @param {Told} told */
  #make({ station, notice }) {
    const text = build("p", {}, build("strong", {}, notice.title), `${notice.text} (${clockTime(notice.at)})`);
    const dismiss = build(
      "button",
      { type: "button", class: "button plain small", onclick: () => station.dismissNotice(notice) },
      "Dismiss",
    );
    return build("div", { class: "notice", "data-tone": notice.tone }, text, dismiss);
  }
}

customElements.define("till-notices", Notices);
