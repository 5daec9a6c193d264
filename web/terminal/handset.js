/** `<terminal-handset>`: the housing: status line, the screen of the moment, and the keys. */

import { build, fill, write } from "../view/element.js";
import { clockTime } from "../view/moment.js";
import "./ended-screen.js";
import "./idle-screen.js";
import "./off-screen.js";
import { Part } from "./part.js";
import "./pairing-screen.js";
import "./payment-screen.js";
import "./registers-screen.js";

const SCREENS = ["off", "idle", "pairing", "registers", "payment", "ended"];

/** Key, class, and what it is called. */
const KEYS = [
  ..."123456789".split("").map((digit) => [digit, "", digit]),
  ["✕", "cancel", "Cancel key"],
  ["0", "", "0"],
  ["✓", "enter", "Enter key"],
];

const LINKS = {
  online: "Online",
  connecting: "Connecting",
  waiting: "No connection",
  refused: "Not let in",
  closed: "No network",
};

class Handset extends Part {
  #name = build("span");
  #link = build("span", { role: "status" });
  #clock = build("span", { class: "figures" });
  #screens = SCREENS.map((name) => /** @type {Part} */ (document.createElement(`screen-${name}`)));
  #showsRegisters = false;

  draw() {
    const keys = KEYS.map(([key, kind, label]) =>
      build(
        "button",
        { type: "button", class: `key ${kind}`, "aria-label": label, onclick: () => this.#press(key) },
        key,
      ),
    );
    const screen = build(
      "section",
      { class: "screen", "aria-label": "Screen" },
      build("p", { class: "line" }, this.#name, this.#link, this.#clock),
      ...this.#screens,
    );
    screen.addEventListener("show-registers", () => this.#showRegisters(true));
    screen.addEventListener("show-idle", () => this.#showRegisters(false));
    fill(this, screen, build("div", { class: "keys", role: "group", "aria-label": "Keys" }, ...keys));
    for (const part of this.#screens) part.firmware = this.firmware;
    setInterval(() => write(this.#clock, clockTime(Date.now())), 1000);
    document.addEventListener("keydown", (event) => this.#typed(event));
  }

  update() {
    const { deviceId, client, setup } = this.firmware;
    const shown = this.#shown();
    this.dataset.screen = shown;
    this.dataset.power = setup.power;
    for (const [index, name] of SCREENS.entries()) this.#screens[index].hidden = name !== shown;
    write(this.#name, deviceId);
    write(this.#link, setup.power === "on" ? LINKS[client.status.phase] : "");
    write(this.#clock, clockTime(Date.now()));
  }

  #shown() {
    const { setup, client, ended, payment, pairing } = this.firmware;
    if (setup.power !== "on") return "off";
    if (payment) return "payment";
    if (ended) return "ended";
    if (client.status.phase === "refused") return "off";
    if (this.#showsRegisters) return "registers";
    return pairing.code ? "pairing" : "idle";
  }

  /** @param {boolean} wanted */
  #showRegisters(wanted) {
    this.#showsRegisters = wanted;
    this.update();
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    if (event.target instanceof HTMLElement && event.target.closest("input, select, dialog")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^\d$/.test(event.key)) this.#press(event.key);
    else if (event.key === "Escape") this.#press("✕");
    else if (
      event.key === "Enter" &&
      !(event.target instanceof HTMLElement && event.target.closest("button, a, summary"))
    )
      this.#press("✓");
  }

  /** @param {string} key */
  #press(key) {
    const { firmware } = this;
    const { payment } = firmware;
    if (key === "✕") {
      if (payment?.mayCancel) firmware.end("cancelled", "cancelled_by_customer");
      else if (!payment && firmware.ended) firmware.dismiss();
      else if (this.#showsRegisters) this.#showRegisters(false);
      else if (firmware.pairing.code) void firmware.pairing.stop();
    } else if (key === "✓") {
      if (payment?.stage === "entering_pin" && payment.pinDigits >= 4) firmware.enter("authorising");
      else if (!payment) firmware.dismiss();
    } else if (payment?.stage === "entering_pin") {
      firmware.typePin();
    }
  }
}

customElements.define("terminal-handset", Handset);
