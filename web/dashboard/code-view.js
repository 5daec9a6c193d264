/** `<dashboard-code>`: one pairing code, and the way it went. */

import { build, fill } from "../view/element.js";
import { dateAndTime } from "../view/moment.js";
import { card, factsOf, linkTo, stateBadge } from "./badge.js";
import "./diagram.js";
import { HappeningList } from "./happening-list.js";
import { View } from "./view.js";
import { walk } from "./walk.js";

class CodeView extends View {
  #state = build("div", { class: "row" });
  #facts = build("dl", { class: "facts spread" });
  #diagram = /** @type {import("./diagram.js").StateDiagram} */ (document.createElement("state-diagram"));
  #happenings = new HappeningList();
  #shown = "";

  get heading() {
    return "Pairing code";
  }

  get wanted() {
    return { subject: this.route.id };
  }

  /** @param {HTMLElement} body */
  draw(body) {
    this.#diagram.table = this.desk.table("pairing_code");
    fill(body, build("section", { class: "card stack", "aria-label": "Pairing code" }, this.#state, this.#facts), card("State", this.#diagram), card("What happened", this.#happenings.element));
  }

  async load() {
    const { id } = this.route;
    const [code, happenings] = await Promise.all([this.client.code(id), this.client.recent({ subject: id, kinds: ["pairing_code"] })]);
    this.#show(code);
    this.#diagram.show(walk(this.desk.table("pairing_code"), happenings, code.state));
    this.#happenings.show(happenings, { subjects: false });
  }

  /** @param {import("../sdk/dashboard-messages.js").CodeRow} code */
  #show(code) {
    // The link keeps the focus while nothing changes.
    if (this.#shown === code.state) return;
    this.#shown = code.state;
    fill(this.#state, build("strong", { class: "mono" }, code.code), stateBadge("pairing_code", code.state));
    fill(
      this.#facts,
      ...factsOf([
        ["Device", linkTo("devices", code.device_id)],
        ["Issued", dateAndTime(code.issued_at)],
        ["Good until", dateAndTime(code.expires_at)],
        ["Session ends", dateAndTime(code.session_ends_at)],
      ]),
    );
  }
}

customElements.define("dashboard-code", CodeView);
