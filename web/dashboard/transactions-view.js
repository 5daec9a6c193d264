/** `<dashboard-transactions>`: the transactions, newest first, filtered by the hub; and their export. */

import { announce } from "../view/announcer.js";
import { HubError } from "../sdk/index.js";
import { build, fill, write } from "../view/element.js";
import { asked, money } from "../view/money.js";
import { dateAndTime } from "../view/moment.js";
import { functionName, stageText, stateText } from "../view/wording.js";
import { linkTo, short, stateBadge } from "./badge.js";
import { choice, field, put, searchBox } from "./field.js";
import { PAGE_SIZE, Pager } from "./pager.js";
import { addressOf } from "./route.js";
import { Sheet } from "./sheet.js";
import { listTime } from "./timing.js";
import { View } from "./view.js";

/** @typedef {import("../sdk/dashboard-messages.js").TransactionRow} TransactionRow */

const DEVICE_ID = /^[A-Za-z0-9._:-]{1,64}$/;

class TransactionsView extends View {
  #state = choice("transaction-state", [["", "Any"]]);
  #device = searchBox("transaction-device", "7070714000");
  #attention = build("input", { type: "checkbox", id: "transaction-attention" });
  #export = build("button", { type: "button", class: "button", onclick: () => void this.#download() }, "Export CSV");
  #told = build("p", { class: "small soft", role: "status" });
  #pager = new Pager();
  /** @type {Sheet<TransactionRow>} */
  #sheet = new Sheet(
    "Transactions, newest first",
    [
      {
        name: "Transaction",
        show: ({ transaction }) => transaction.transaction_id,
        make: ({ transaction }) => {
          const amount = asked(transaction);
          const link = linkTo("transactions", transaction.transaction_id, functionName(transaction.function));
          return build("span", { class: "two" }, link, build("span", { class: "soft small figures" }, transaction.transaction_reference ?? short(transaction.transaction_id), amount === undefined ? "" : build("span", { class: "on-phone" }, `, ${money(amount)}`)));
        },
      },
      { name: "Amount", show: ({ transaction }) => amountOf(transaction), class: "figures number minor" },
      { name: "State", show: ({ transaction }) => `${transaction.state} ${transaction.conflict ?? ""}`, make: ({ transaction }) => build("span", { class: "badges" }, stateBadge("transaction", transaction.state), transaction.conflict && build("span", { class: "badge", "data-tone": "bad" }, "Conflict")) },
      { name: "Now", show: ({ transaction }) => nowOf(transaction), class: "small minor" },
      {
        name: "Register",
        show: ({ register_name, business_name }) => `${register_name} ${business_name}`,
        make: ({ register_name, business_name }) => build("span", { class: "two" }, register_name, build("span", { class: "soft small" }, business_name)),
        class: "minor",
      },
      { name: "Device", show: ({ transaction }) => transaction.device_id, make: ({ transaction }) => linkTo("devices", transaction.device_id), class: "minor" },
      { name: "Received", show: ({ transaction }) => listTime(transaction.received_at), make: ({ transaction }) => build("time", { datetime: transaction.received_at, title: dateAndTime(transaction.received_at) }, listTime(transaction.received_at)), class: "figures" },
    ],
    ({ transaction }) => transaction.transaction_id,
  );

  get heading() {
    return "Transactions";
  }

  /** @param {HTMLElement} body */
  draw(body) {
    const states = this.desk.table("transaction").states;
    fill(this.#state, build("option", { value: "" }, "Any"), ...states.map((state) => build("option", { value: state }, stateText(state))));
    const filters = build(
      "form",
      { class: "filters", role: "search", oninput: () => this.#typed(), onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      field("State", this.#state),
      field("Device id", this.#device),
      build("label", { class: "option" }, this.#attention, build("span", {}, "Needs a person")),
      this.#export,
    );
    fill(body, build("section", { class: "card stack" }, filters, this.#told, this.#sheet.element, this.#pager.element));
    this.turned();
  }

  /** What the address asks for. */
  get #filter() {
    const { query } = this.route;
    return { state: query.get("state") ?? "", device: query.get("device") ?? "", attention: query.get("attention") === "true" };
  }

  turned() {
    const { state, device, attention } = this.#filter;
    put(this.#state, state);
    put(this.#device, device);
    this.#attention.checked = attention;
    // The export knows no such filter: better none than one that says something else.
    this.#export.hidden = attention;
  }

  async load() {
    const { state, device, attention } = this.#filter;
    const before = this.route.query.get("before") ?? "";
    const wrong = device !== "" && !DEVICE_ID.test(device);
    const found = wrong
      ? []
      : await this.client.transactions({
          ...(state ? { state } : {}),
          ...(device ? { device_id: device } : {}),
          ...(/^\d{1,15}$/.test(before) ? { before: Number(before) } : {}),
          attention,
          limit: PAGE_SIZE + 1,
        });
    const page = found.slice(0, PAGE_SIZE);
    const address = (/** @type {string | number} */ cursor) => addressOf("transactions", "", { state, device, attention, before: cursor });
    this.#sheet.show(page, state || device || attention || before ? "No transaction matches." : "No transactions yet.");
    this.#pager.show({ address: address(before), first: address(""), next: found.length > PAGE_SIZE ? address(page[page.length - 1].seq) : undefined });
  }

  #typed() {
    location.replace(
      addressOf("transactions", "", { state: this.#state.value, device: this.#device.value.trim(), attention: this.#attention.checked }),
    );
  }

  async #download() {
    this.#export.disabled = true;
    write(this.#told, "Exporting…");
    try {
      const { state, device } = this.#filter;
      const blob = await this.client.exportCsv({ state, device_id: device });
      const link = build("a", { href: URL.createObjectURL(blob), download: "transactions.csv" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      write(this.#told, "");
      announce("Exported.");
    } catch (error) {
      if (!(error instanceof HubError)) throw error;
      write(this.#told, error.message);
    } finally {
      this.#export.disabled = false;
    }
  }
}

/** @param {TransactionRow["transaction"]} transaction */
function amountOf(transaction) {
  const amount = transaction.result?.amount_total_cents ?? asked(transaction);
  return amount === undefined ? "" : money(amount);
}

/** @param {TransactionRow["transaction"]} transaction */
function nowOf({ final, queue_position, stage, state }) {
  if (final) return "";
  if (queue_position) return `Place ${queue_position}`;
  return stage && state === "processing" ? stageText(stage) : "";
}

customElements.define("dashboard-transactions", TransactionsView);
