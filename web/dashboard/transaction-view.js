/** `<dashboard-transaction>`: one transaction with everything that happened to it, and what an operator can do. */

import { build, fill, write } from "../view/element.js";
import { asked, money } from "../view/money.js";
import { dateAndTime } from "../view/moment.js";
import { functionName, reasonText, stateText, stateTone, story } from "../view/wording.js";
import { card, factsOf, linkTo, stateBadge } from "./badge.js";
import "./diagram.js";
import { resolve, review } from "./operations.js";
import { Timeline } from "./timeline.js";
import { listTime, span } from "./timing.js";
import { View } from "./view.js";
import { walk } from "./walk.js";
import { plain } from "./words.js";

/**
 * @typedef {import("../sdk/dashboard-messages.js").TransactionStory} Story
 * @typedef {import("../sdk/messages.js").Details} Details
 */

class TransactionView extends View {
  #state = build("div", { class: "row apart" });
  #told = build("p", { class: "notice" });
  #facts = build("dl", { class: "facts spread" });
  #diagram = /** @type {import("./diagram.js").StateDiagram} */ (document.createElement("state-diagram"));
  #took = build("p", { class: "soft small figures" });
  #timeline = new Timeline();
  #side = build("div", { class: "stack wide" });
  #shown = "";

  get heading() {
    return "Transaction";
  }

  get wanted() {
    return { subject: this.route.id };
  }

  /** @param {HTMLElement} body */
  draw(body) {
    this.#diagram.table = this.desk.table("transaction");
    fill(
      body,
      build("section", { class: "card stack", "aria-label": "Transaction" }, this.#state, this.#told, this.#facts),
      card("State", this.#diagram),
      build("div", { class: "columns halves" }, card("Timeline", this.#took, this.#timeline.element), this.#side),
    );
  }

  async load() {
    const found = await this.client.transaction(this.route.id);
    this.#diagram.show(walk(this.desk.table("transaction"), found.steps, found.transaction.state));
    this.#timeline.show(found.steps);
    const [first, last] = [found.steps[0], found.steps.at(-1)];
    write(this.#took, first && last ? `${found.steps.length} steps in ${span(Date.parse(last.at) - Date.parse(first.at))}.` : "");
    // What has a button in it is drawn anew only when there is something new.
    const seen = JSON.stringify(found);
    if (seen !== this.#shown) this.#show(found);
    this.#shown = seen;
  }

  /** @param {Story} found */
  #show(found) {
    const { transaction } = found;
    const amount = asked(transaction);
    const { headline, detail } = story(transaction);
    fill(
      this.#state,
      build("div", { class: "row" }, build("strong", { class: "large figures" }, functionName(transaction.function), amount === undefined ? "" : ` ${money(amount)}`), stateBadge("transaction", transaction.state)),
      build("div", { class: "row" }, this.#action(found)),
    );
    this.#told.dataset.tone = stateTone(transaction.state);
    this.#told.hidden = !detail;
    fill(this.#told, build("span", {}, headline === stateText(transaction.state) ? detail : `${headline}. ${detail}`));
    fill(
      this.#facts,
      ...factsOf([
        ["Reference", transaction.transaction_reference],
        ["Register", `${found.register_name}, ${found.business_name}`],
        ["Device", linkTo("devices", transaction.device_id)],
        ["Sent", transaction.never_sent ? "Never: it did not leave the hub" : found.sends === 0 ? "Not yet" : found.sends === 1 ? "Once" : `${found.sends} times`],
        ["Hardware", found.sent_serial && build("span", { class: "mono" }, found.sent_serial)],
        ["Cash", transaction.amount_cash_cents && money(transaction.amount_cash_cents)],
        ["Cause", transaction.cause && plain(transaction.cause)],
        ["Cancel", transaction.cancel_requested && "Asked for by the register"],
        ["Received", dateAndTime(transaction.received_at)],
        ["Idempotency key", transaction.idempotency_key && build("span", { class: "mono" }, transaction.idempotency_key)],
        ["Transaction", build("span", { class: "mono" }, transaction.transaction_id)],
      ]),
    );
    fill(this.#side, conflictCard(found), resultCard(transaction.result), callbacksCard(found), actionsCard(found), saleCard(transaction.sale_data));
  }

  /** @param {Story} found */
  #action(found) {
    const button = (/** @type {string} */ text, /** @type {typeof resolve} */ act) =>
      build("button", { type: "button", class: "button primary small", onclick: () => void act(this.client, found).then(() => this.refresh()) }, text);
    if (found.transaction.state === "in_doubt") return button("Resolve", resolve);
    return found.transaction.conflict ? button("Review the conflict", review) : null;
  }
}

/** @param {Story} found */
function conflictCard({ conflict, conflict_outcome, transaction }) {
  if (!conflict || !conflict_outcome) return null;
  return card(
    transaction.conflict ? "Conflict" : "Conflict, reviewed",
    build("p", { class: "notice", "data-tone": transaction.conflict ? "bad" : "" }, build("span", {}, `The record says ${stateText(transaction.state).toLowerCase()}. The terminal reported later: ${stateText(conflict_outcome).toLowerCase()}.`)),
    detailsOf(conflict),
  );
}

/** @param {Details & { resolved_by?: string } | undefined} result */
function resultCard(result) {
  const details = result && detailsOf(result);
  if (!result || !details?.hasChildNodes()) return null;
  const receipt = result.receipt && build("pre", { class: "receipt", tabindex: "0", role: "region", "aria-label": "Receipt" }, result.receipt);
  return card("Result", details, receipt);
}

/** @param {Details & { resolved_by?: string }} result */
function detailsOf(result) {
  const amount = (/** @type {number | undefined} */ cents) => (cents === undefined ? undefined : money(cents));
  return build(
    "dl",
    { class: "facts" },
    ...factsOf([
      ["Resolved by", result.resolved_by],
      ["Text", result.result_text],
      ["Reason", result.reason && reasonText(result.reason)],
      ["Charged", amount(result.amount_total_cents)],
      ["Surcharge", amount(result.amount_surcharge_cents)],
      ["Tip", amount(result.amount_tip_cents)],
      ["Card", [result.card_type, result.card_pan].filter(Boolean).join(" ")],
      ["Account", result.account_type],
      ["Authorisation", result.auth_id],
      ["Acquirer's reference", result.acquirer_ref],
      ["Terminal's reference", result.terminal_ref],
      ["Terminal's time", result.timestamp],
      ["Reports on", result.reference_id],
      ["Which was", result.reference_outcome],
      ["Status", result.status],
    ]),
  );
}

/** @param {Story} found */
function callbacksCard({ callbacks }) {
  if (callbacks.length === 0) return null;
  const row = (/** @type {Story["callbacks"][number]} */ { url, state, attempts, last_error }) =>
    build(
      "li",
      {},
      build("span", { class: "two" }, build("span", { class: "mono breakable" }, url), last_error && build("span", { class: "problem" }, last_error)),
      build("span", { class: "small soft figures" }, `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`),
      stateBadge("callback", state),
    );
  return card("Callbacks", build("ul", { class: "rows" }, ...callbacks.map(row)));
}

/** @param {Story} found */
function actionsCard({ actions }) {
  if (actions.length === 0) return null;
  const row = (/** @type {Story["actions"][number]} */ { at, operator, action, note }) =>
    build(
      "li",
      {},
      build("span", { class: "two" }, build("span", {}, build("strong", {}, operator), " ", build("code", {}, action)), note && build("span", { class: "soft" }, note)),
      build("time", { datetime: at, title: dateAndTime(at), class: "small soft figures" }, listTime(at)),
    );
  return card("What operators did", build("ul", { class: "rows" }, ...actions.map(row)));
}

/** @param {string} [text] */
function saleCard(text) {
  if (!text) return null;
  return card("Sale", build("details", {}, build("summary", {}, "What the register sent along"), build("pre", { class: "sale", tabindex: "0", role: "region", "aria-label": "Sale" }, text)));
}

customElements.define("dashboard-transaction", TransactionView);
