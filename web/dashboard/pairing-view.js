/** `<dashboard-pairing>`: one pairing, and the way it went. */

import { build, fill } from "../view/element.js";
import { dateAndTime } from "../view/moment.js";
import { card, factsOf, linkTo, stateBadge } from "./badge.js";
import "./diagram.js";
import { HappeningList } from "./happening-list.js";
import { unpair } from "./operations.js";
import { View } from "./view.js";
import { walk } from "./walk.js";
import { plain } from "./words.js";

/** @typedef {import("../sdk/dashboard-messages.js").PairingStory} PairingStory */

class PairingView extends View {
  #state = build("div", { class: "row apart" });
  #facts = build("dl", { class: "facts spread" });
  #diagram = /** @type {import("./diagram.js").StateDiagram} */ (document.createElement("state-diagram"));
  #happenings = new HappeningList();
  #shown = "";

  get heading() {
    return "Pairing";
  }

  get wanted() {
    return { subject: this.route.id };
  }

  /** @param {HTMLElement} body */
  draw(body) {
    this.#diagram.table = this.desk.table("pairing");
    fill(body, build("section", { class: "card stack", "aria-label": "Pairing" }, this.#state, this.#facts), card("State", this.#diagram), card("What happened", this.#happenings.element));
  }

  async load() {
    const { id } = this.route;
    const [pairing, happenings] = await Promise.all([this.client.pairing(id), this.client.recent({ subject: id, kinds: ["pairing"] })]);
    this.#show(pairing);
    this.#diagram.show(walk(this.desk.table("pairing"), happenings, pairing.state));
    this.#happenings.show(happenings, { subjects: false });
  }

  /** @param {PairingStory} pairing */
  #show(pairing) {
    // The button keeps the focus while nothing changes.
    const seen = JSON.stringify(pairing);
    if (seen === this.#shown) return;
    this.#shown = seen;
    const act = () => void unpair(this.client, pairing, pairing.device_id).then(() => this.refresh());
    fill(this.#state, stateBadge("pairing", pairing.state), pairing.state === "active" && build("button", { type: "button", class: "button small danger", onclick: act }, "Unpair"));
    fill(
      this.#facts,
      ...factsOf([
        ["Register", pairing.register_name],
        ["Business", pairing.business_name],
        ["Vendor", pairing.vendor_name],
        ["Register id", build("span", { class: "mono" }, pairing.register_id)],
        ["Device", linkTo("devices", pairing.device_id)],
        ["Paired", dateAndTime(pairing.paired_at)],
        ["Ended", pairing.ended_at && dateAndTime(pairing.ended_at)],
        ["By", pairing.cause && plain(pairing.cause)],
        ["Pairing", build("span", { class: "mono" }, pairing.pairing_id)],
      ]),
    );
  }
}

customElements.define("dashboard-pairing", PairingView);
