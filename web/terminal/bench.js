/** `<terminal-bench>`: everything that a workbench does to a terminal: its set-up, its faults, its test amounts. */

import { confirmed } from "../view/confirm-dialog.js";
import { build, fill, list, write } from "../view/element.js";
import { exactTime } from "../view/moment.js";
import { CARDS } from "./cards.js";
import { Part } from "./part.js";
import { TEST_AMOUNTS } from "./plan.js";
import { knownTerminals, newTerminalId, take } from "./shelf.js";

const LOG_LIMIT = 60;

class Bench extends Part {
  #facts = build("dl", { class: "facts" });
  #choice = build("select", { id: "terminal-choice", onchange: () => this.#use(this.#choice.value) });
  #credential = build("input", { id: "credential", autocomplete: "off", spellcheck: "false" });
  #autoPlay = flag("Auto play", "Every payment approves itself.", (on) => this.firmware.change({ autoPlay: on }));
  #tips = flag("Ask for a tip", "", (on) => this.firmware.change({ tips: on }));
  #card = build("select", { id: "card", onchange: () => this.firmware.change({ card: this.#card.value }) });
  #surcharge = build("select", {
    id: "surcharge",
    onchange: () => this.firmware.change({ surchargePercent: Number(this.#surcharge.value) }),
  });
  #network = flag("Pull the network", "It works on, and tells the hub when it is back.", (on) =>
    this.firmware.setNetwork(!on),
  );
  #slow = flag("Be slow", "Takes its time, and gives no sign of life meanwhile.", (on) =>
    this.firmware.change({ slow: on }),
  );
  #silent = flag("Be silent", "Stays connected, works on, answers nothing.", (on) =>
    this.firmware.change({ silent: on }),
  );
  #late = flag("Answer late", "Keeps the result to itself until told to send it.", (on) =>
    this.firmware.change({ late: on }),
  );
  #plug = build("button", { type: "button", class: "button", onclick: () => this.#togglePlug() });
  #power = build("button", { type: "button", class: "button", onclick: () => this.#togglePower() });
  #log = build("ol", { class: "log small", tabindex: "0", "aria-label": "What happened, newest first" });
  /** @type {{ key: string, at: number, text: string }[]} */
  #entries = [];

  draw() {
    this.firmware.on("log", (text) => this.#note(text));
    fill(this.#card, ...Object.entries(CARDS).map(([value, { name }]) => build("option", { value }, name)));
    fill(
      this.#surcharge,
      ...[0, 1, 1.5, 2.5].map((percent) =>
        build("option", { value: percent }, percent === 0 ? "None" : `${percent} %`),
      ),
    );
    const others = knownTerminals().map((id) =>
      build("option", { value: id, selected: id === this.firmware.deviceId }, id),
    );
    fill(this.#choice, ...others);
    const swap = build("button", { type: "button", class: "button", onclick: () => this.#swap() }, "Swap the hardware");
    const fresh = build(
      "button",
      { type: "button", class: "button", onclick: () => this.#use(newTerminalId()) },
      "New terminal",
    );
    const setup = section(
      "Set-up",
      this.#autoPlay.label,
      this.#tips.label,
      field("surcharge", "Surcharge", this.#surcharge),
      field("card", "The customer's card", this.#card),
    );
    const faults = section(
      "Faults",
      this.#network.label,
      this.#slow.label,
      this.#silent.label,
      this.#late.label,
      build("div", { class: "row" }, this.#plug, swap),
    );
    const tests = section(
      "Test amounts",
      build(
        "p",
        { class: "soft small" },
        "Amounts with these cents play by themselves. All others wait for you, or approve themselves with auto play.",
      ),
      amounts(),
    );
    const terminal = section(
      "This terminal",
      this.#facts,
      field("terminal-choice", "Work on another one in this tab", this.#choice),
      build("div", { class: "row" }, fresh, this.#power),
      this.#credentialForm(),
    );
    fill(
      this,
      build("div", { class: "column" }, setup, tests),
      build("div", { class: "column" }, faults, terminal, section("What happened", this.#log)),
    );
  }

  update() {
    const { setup, memory, deviceId, welcome, client } = this.firmware;
    this.#autoPlay.input.checked = setup.autoPlay;
    this.#tips.input.checked = setup.tips;
    this.#network.input.checked = !setup.network;
    this.#slow.input.checked = setup.slow;
    this.#silent.input.checked = setup.silent;
    this.#late.input.checked = setup.late;
    this.#card.value = setup.card;
    this.#surcharge.value = String(setup.surchargePercent);
    write(this.#plug, setup.power === "unplugged" ? "Plug it in" : "Pull the plug");
    this.#plug.disabled = setup.power === "off";
    write(this.#power, setup.power === "on" ? "Switch off" : "Switch on");
    const owed = memory.owed.length;
    const facts = [
      ["Id", deviceId],
      ["Serial", memory.serial],
      [
        "Connection",
        client.status.phase === "online" && welcome ? `number ${welcome.epoch}, hub ${welcome.hub_version}` : "none",
      ],
      ["Results owed", String(owed)],
    ];
    fill(
      this.#facts,
      ...facts.flatMap(([name, value]) => [build("dt", {}, name), build("dd", { class: "mono" }, value)]),
    );
  }

  #credentialForm() {
    return build(
      "details",
      {},
      build("summary", {}, "Credential"),
      build(
        "form",
        { class: "stack", onsubmit: (/** @type {Event} */ event) => this.#setCredential(event) },
        build(
          "p",
          { class: "soft small" },
          "In development mode the hub hands one out. Otherwise paste what the operator got when enrolling this id.",
        ),
        field("credential", "Credential", this.#credential),
        build("button", { class: "button" }, "Use it"),
      ),
    );
  }

  /** @param {Event} event */
  #setCredential(event) {
    event.preventDefault();
    this.firmware.memory.credential = this.#credential.value.trim();
    this.#credential.value = "";
    this.firmware.client.close();
    if (this.firmware.setup.power === "on") this.firmware.client.open();
  }

  /** @param {string} deviceId */
  #use(deviceId) {
    take(deviceId);
    location.reload();
  }

  #togglePlug() {
    if (this.firmware.setup.power === "on") this.firmware.switchOff("unplugged");
    else this.firmware.switchOn();
  }

  #togglePower() {
    if (this.firmware.setup.power === "on") this.firmware.switchOff();
    else this.firmware.switchOn();
  }

  async #swap() {
    const question =
      "Swap the hardware? The id and the pairings stay; the new one has an empty memory of a payment under way.";
    if (await confirmed(question, "Swap")) this.firmware.swapHardware();
  }

  /** @param {string} text */
  #note(text) {
    const at = Date.now();
    this.#entries = [{ key: `${at}-${this.#entries.length}-${text}`, at, text }, ...this.#entries].slice(0, LOG_LIMIT);
    list(this.#log, this.#entries, {
      key: (entry) => entry.key,
      make: (entry) => build("li", {}, build("time", { class: "soft figures" }, exactTime(entry.at)), ` ${entry.text}`),
    });
  }
}

function amounts() {
  const rows = Object.entries(TEST_AMOUNTS).map(([cents, { says }]) =>
    build("tr", {}, build("th", { scope: "row", class: "figures" }, `.${cents}`), build("td", {}, says)),
  );
  return build(
    "table",
    { class: "small" },
    build("caption", { class: "unseen" }, "Test amounts"),
    build(
      "thead",
      { class: "unseen" },
      build("tr", {}, build("th", { scope: "col" }, "Cents"), build("th", { scope: "col" }, "What happens")),
    ),
    build("tbody", {}, ...rows.sort((a, b) => ((a.textContent ?? "") < (b.textContent ?? "") ? -1 : 1))),
  );
}

/**
 * @param {string} title
 * @param {string} hint
 * @param {(on: boolean) => void} change
 */
function flag(title, hint, change) {
  const input = build("input", { type: "checkbox", onchange: () => change(input.checked) });
  return {
    input,
    label: build(
      "label",
      { class: "switch" },
      input,
      build("span", {}, title, hint && build("span", { class: "hint" }, hint)),
    ),
  };
}

/**
 * @param {string} id
 * @param {string} label
 * @param {HTMLElement} input
 */
function field(id, label, input) {
  return build("div", { class: "field" }, build("label", { for: id }, label), input);
}

/**
 * @param {string} heading
 * @param {...Node} children
 */
function section(heading, ...children) {
  const id = `bench-${heading.toLowerCase().replaceAll(" ", "-")}`;
  return build("section", { class: "card stack", "aria-labelledby": id }, build("h2", { id }, heading), ...children);
}

customElements.define("terminal-bench", Bench);
