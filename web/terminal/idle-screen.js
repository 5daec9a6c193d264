/** `<screen-idle>`: ready, and what can be done meanwhile. */

import { build, fill, write } from "../view/element.js";
import { Part } from "./part.js";

const ENDINGS = /** @type {Record<string, string>} */ ({
  redeemed: "Paired.",
  session_ended: "Pairing has ended: nobody typed the code in.",
  revoked: "Pairing has ended: this terminal was revoked.",
});

class IdleScreen extends Part {
  #text = build("p", { class: "big" });
  #detail = build("p", { class: "soft" });
  #news = build("p", { class: "notice", role: "status" });
  #pair = build(
    "button",
    { type: "button", class: "button primary large wide", onclick: () => this.firmware.pairing.start() },
    "Pair a register",
  );
  #registers = build("button", { type: "button", class: "button wide", onclick: () => this.#showRegisters() });

  draw() {
    fill(this, build("div", { class: "middle" }, this.#text, this.#detail), this.#news, this.#pair, this.#registers);
  }

  update() {
    const { client, setup } = this.firmware;
    const { ended } = this.firmware.pairing;
    const online = client.status.phase === "online";
    const count = client.pairings.length;
    write(this.#text, online ? "Ready" : setup.network ? "Connecting" : "No network");
    write(this.#detail, this.#waitsFor(online, count));
    const newest = client.pairings.at(-1);
    write(this.#news, ended === "redeemed" && newest ? `Paired with ${newest.register_name}.` : (ENDINGS[ended] ?? ""));
    this.#news.dataset.tone = ended === "redeemed" ? "good" : "wary";
    this.#news.hidden = !this.#news.textContent;
    this.#pair.disabled = !online;
    this.#registers.hidden = count === 0;
    write(this.#registers, `Paired registers (${count})`);
  }

  /**
   * @param {boolean} online
   * @param {number} count
   */
  #waitsFor(online, count) {
    if (!online) return "Payments cannot come in.";
    return count === 0 ? "Pair a register to take its payments." : "Waiting for a payment.";
  }

  #showRegisters() {
    this.dispatchEvent(new CustomEvent("show-registers", { bubbles: true }));
  }
}

customElements.define("screen-idle", IdleScreen);
