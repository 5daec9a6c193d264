/** What needs a person: transactions in doubt, conflicts, stalled devices; each with what can be done about it. */

import { build, fill, list } from "../view/element.js";
import { asked, money } from "../view/money.js";
import { functionName, stateText, story } from "../view/wording.js";
import { linkTo } from "./badge.js";
import { resolve, review } from "./operations.js";
import { addressOf } from "./route.js";
import { ago } from "./timing.js";

/**
 * @typedef {import("../sdk/dashboard-messages.js").TransactionRow} TransactionRow
 * @typedef {import("../sdk/dashboard-messages.js").DeviceView} DeviceView
 * @typedef {import("./desk.js").Desk} Desk
 *
 * @typedef {object} Matter
 * @property {string} key
 * @property {"doubt" | "conflict" | "stalled"} kind
 * @property {string} since
 * @property {TransactionRow} [row]
 * @property {DeviceView} [device]
 */

export const SHOWN = 20;

const KINDS = { doubt: "Outcome unknown", conflict: "Conflict", stalled: "Stalled" };

export class AttentionList {
  #desk;
  #changed;
  #calm = build("p", { class: "notice", "data-tone": "good", hidden: true }, build("span", {}, "Nothing needs a person."));
  #items = build("ul", { class: "matters" });
  #more = build("p", { class: "small", hidden: true });
  element = build("section", { class: "card stack", "aria-labelledby": "attention-heading" });

  /**
   * @param {Desk} desk
   * @param {() => void} changed something was done about it
   */
  constructor(desk, changed) {
    this.#desk = desk;
    this.#changed = changed;
    fill(this.element, build("h2", { id: "attention-heading" }, "Needs a person"), this.#calm, this.#items, this.#more);
  }

  /**
   * @param {TransactionRow[]} rows in doubt or in conflict
   * @param {DeviceView[]} stalled
   */
  show(rows, stalled) {
    /** @type {Matter[]} */
    const matters = [
      ...rows.map((row) => {
        const kind = /** @type {Matter["kind"]} */ (row.transaction.conflict ? "conflict" : "doubt");
        return { key: `${kind} ${row.transaction.transaction_id}`, kind, since: row.transaction.updated_at, row };
      }),
      ...stalled.map((device) => ({ key: `stalled ${device.device_id}`, kind: /** @type {const} */ ("stalled"), since: device.connected_at ?? device.enrolled_at, device })),
    ];
    list(this.#items, matters.slice(0, SHOWN), {
      key: ({ key }) => key,
      make: (matter) => this.#make(matter),
      update: (element, matter) => this.#update(element, matter),
    });
    this.#calm.hidden = matters.length > 0;
    const left = Math.max(matters.length, (this.#desk.overview?.attention ?? 0) + stalled.length) - SHOWN;
    this.#more.hidden = left <= 0;
    fill(this.#more, build("a", { href: addressOf("transactions", "", { attention: true }) }, `All transactions that need a person (${this.#desk.overview?.attention ?? left + SHOWN})`));
  }

  /** @param {Matter} matter */
  #make({ kind, row, device }) {
    const badge = build("span", { class: "badge", "data-tone": kind === "doubt" ? "wary" : "bad" }, KINDS[kind]);
    const since = build("time", { class: "soft small figures" });
    return build("li", {}, badge, row ? about(row) : device && aboutDevice(device), since, row ? this.#actions(kind, row) : device && build("div", { class: "row" }, lookAt("devices", device.device_id)));
  }

  /**
   * @param {HTMLElement} element
   * @param {Matter} matter
   */
  #update(element, { since, kind, row, device }) {
    const [before, now] = [element.querySelector(".about"), row ? about(row) : device && aboutDevice(device)];
    if (now && before?.textContent !== now.textContent) before?.replaceWith(now);
    const time = element.querySelector("time");
    const text = `${kind === "stalled" ? "connected " : ""}${ago(since, this.#desk.client.now())}`;
    if (time && time.textContent !== text) {
      time.dateTime = since;
      time.textContent = text;
    }
  }

  /**
   * @param {Matter["kind"]} kind
   * @param {TransactionRow} row
   */
  #actions(kind, row) {
    const act = async () => {
      const done = await (kind === "doubt" ? resolve : review)(this.#desk.client, row);
      if (done) this.#changed();
    };
    const button = build("button", { type: "button", class: "button small", onclick: () => void act() }, kind === "doubt" ? "Resolve" : "Review");
    return build("div", { class: "row" }, button, lookAt("transactions", row.transaction.transaction_id));
  }
}

/**
 * @param {string} view
 * @param {string} id
 */
function lookAt(view, id) {
  return build("a", { class: "button small plain", href: addressOf(view, id) }, "Details", build("span", { class: "unseen" }, ` of ${id}`));
}

/** @param {TransactionRow} row */
function about({ transaction, register_name, business_name }) {
  const amount = asked(transaction);
  const what = `${functionName(transaction.function)}${amount === undefined ? "" : ` ${money(amount)}`}`;
  const why = transaction.conflict ? `On record as ${stateText(transaction.state).toLowerCase()}; the terminal says otherwise.` : story(transaction).detail.split(". ")[0].concat(".");
  return build("div", { class: "about" }, build("strong", { class: "figures" }, what), build("span", {}, `${register_name}, ${business_name}, at `, linkTo("devices", transaction.device_id)), build("span", { class: "soft small" }, why));
}

/** @param {DeviceView} device */
function aboutDevice({ device_id, name, queue_depth }) {
  const waiting = queue_depth === 0 ? "Nothing waits for it." : `${queue_depth} ${queue_depth === 1 ? "transaction waits" : "transactions wait"} for it.`;
  return build(
    "div",
    { class: "about" },
    build("strong", {}, name === device_id ? "Terminal" : name),
    build("span", {}, linkTo("devices", device_id)),
    build("span", { class: "soft small" }, `Connected, but silent or refusing. ${waiting} Look at the terminal, or restart it.`),
  );
}
