/** `<screen-ended>`: how the payment ended, and whether the hub knows. */

import { build, fill, write } from "../view/element.js";
import { money } from "../view/money.js";
import { announce } from "../view/announcer.js";
import { reasonSentence, stateText, stateTone } from "../view/wording.js";
import { Part } from "./part.js";

/** @typedef {import("./firmware.js").Ended} Ended */

const TOLD = {
  "": "The hub does not know yet: it is told when it can be.",
  recorded: "The hub has it on record.",
  conflict: "The hub's record says otherwise; an operator looks into it.",
  refused: "The hub did not take this result.",
};

class EndedScreen extends Part {
  #sign = build("span", { class: "sign", "aria-hidden": "true" });
  #headline = build("h2", { tabindex: "-1" });
  #reason = build("p", { class: "soft" });
  #amount = build("p", { class: "amount figures" });
  #told = build("p", { class: "soft small", role: "status" });
  #receipt = build("details", {}, build("summary", {}, "Receipt"));
  #paper = build("pre", { class: "receipt", tabindex: "0", role: "region", "aria-label": "Receipt" });
  #tell = build(
    "button",
    { type: "button", class: "button primary wide", onclick: () => this.firmware.tell() },
    "Tell the hub now",
  );
  #done = build(
    "button",
    { type: "button", class: "button primary wide", onclick: () => this.firmware.dismiss() },
    "Done",
  );
  #shown = "";

  draw() {
    this.#receipt.append(this.#paper);
    fill(
      this,
      build(
        "div",
        { class: "middle" },
        this.#sign,
        this.#headline,
        this.#reason,
        this.#amount,
        this.#told,
        this.#receipt,
      ),
      this.#tell,
      this.#done,
    );
  }

  update() {
    const { ended } = this.firmware;
    if (!ended) {
      this.#shown = "";
      return;
    }
    const { payment, result, held, told } = ended;
    this.dataset.tone = stateTone(result.outcome);
    write(this.#headline, stateText(result.outcome));
    write(this.#reason, result.reason ? reasonSentence(result.reason) : "");
    write(this.#amount, payment.movesMoney ? money(payment.totalCents) : (result.status ?? ""));
    write(this.#told, held ? "Held back: the hub has not been told." : TOLD[told]);
    write(this.#paper, result.receipt ?? "");
    this.#receipt.hidden = !result.receipt;
    this.#tell.hidden = !held;
    this.#done.hidden = held;
    if (this.#shown !== payment.id) {
      this.#shown = payment.id;
      this.#receipt.open = false;
      announce(stateText(result.outcome));
      const here =
        document.activeElement === document.body || this.closest("terminal-handset")?.contains(document.activeElement);
      if (here) this.#headline.focus({ preventScroll: true });
    }
  }
}

customElements.define("screen-ended", EndedScreen);
