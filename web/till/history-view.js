/** `<till-history>`: this register's transactions, searched here as typed, and in the hub on Enter. */

import { build, fill, find, list, write } from "../view/element.js";
import { asked, money } from "../view/money.js";
import { dateAndTime, when } from "../view/moment.js";
import { functionName, stateText, stateTone, story, troubleText } from "../view/wording.js";
import { Part } from "./part.js";
import { printReceipt } from "./printout.js";

/**
 * @typedef {import("../sdk/messages.js").TransactionView} TransactionView
 * @typedef {import("../sdk/index.js").HubError} HubError
 */

class HistoryView extends Part {
  #search = build("input", {
    id: "search",
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "260917-0042",
  });
  #status = build("p", { class: "soft small", role: "status" });
  #rows = build("tbody");
  #table = build(
    "table",
    {},
    build("caption", { class: "unseen" }, "Transactions of this register, newest first"),
    build(
      "thead",
      {},
      build(
        "tr",
        {},
        ...["Reference", "When", "What", "Amount", "Outcome"].map((name) => build("th", { scope: "col" }, name)),
      ),
    ),
    this.#rows,
  );
  #dialog = build("dialog", { "aria-labelledby": "entry-title" });
  #open = "";
  /** What is searched once the hub is reached. */
  #waiting = "";
  #drawn = "";

  draw() {
    const form = build(
      "form",
      {
        class: "row search",
        role: "search",
        oninput: () => this.#typed(),
        onsubmit: (/** @type {Event} */ event) => this.#ask(event),
      },
      build("div", { class: "field" }, build("label", { for: "search" }, "Find by reference"), this.#search),
      build("button", { class: "button" }, "Search all records"),
    );
    fill(
      this,
      build(
        "section",
        { class: "card stack", "aria-labelledby": "history-heading" },
        build("h2", { id: "history-heading" }, "History"),
        form,
        this.#status,
        this.#table,
      ),
      this.#dialog,
    );
  }

  update() {
    if (this.#waiting && this.station.client.status.phase === "online") {
      const reference = this.#waiting;
      this.#waiting = "";
      void this.#find(reference);
    }
    const wanted = this.#search.value.trim().toLowerCase();
    const views = this.station.journal.views.filter((view) =>
      (view.transaction_reference ?? "").toLowerCase().includes(wanted),
    );
    this.#table.hidden = views.length === 0;
    if (!this.#status.dataset.asked) {
      write(
        this.#status,
        views.length > 0
          ? ""
          : wanted
            ? "Nothing here with that reference. Search all records for older ones."
            : "No transactions yet.",
      );
    }
    list(this.#rows, views, {
      key: (view) => view.transaction_id,
      make: (view) => this.#make(view),
      update: (row, view) => this.#show(row, view),
    });
    if (this.#dialog.open) this.#detail();
  }

  /** @param {TransactionView} view */
  #make({ transaction_id, transaction_reference, function: name, received_at }) {
    const open = () => {
      this.#open = transaction_id;
      this.#detail();
      this.#dialog.showModal();
    };
    return build(
      "tr",
      {},
      build(
        "th",
        { scope: "row" },
        build(
          "button",
          { type: "button", class: "link figures", onclick: open },
          transaction_reference ?? `…${transaction_id.slice(-8)}`,
        ),
      ),
      build("td", { class: "figures" }, build("time", { datetime: received_at }, when(received_at))),
      build("td", {}, functionName(name)),
      build("td", { class: "figures amount" }),
      build("td", {}, build("span", { class: "badge" })),
    );
  }

  /**
   * @param {HTMLElement} row
   * @param {TransactionView} view
   */
  #show(row, view) {
    const amount = view.result?.amount_total_cents ?? asked(view);
    write(find(row, ".amount"), amount === undefined ? "" : money(amount));
    const badge = find(row, ".badge");
    badge.dataset.tone = stateTone(view.state);
    write(badge, stateText(view.state));
  }

  #detail() {
    const view = this.station.journal.views.find(({ transaction_id }) => transaction_id === this.#open);
    const drawn = JSON.stringify(view);
    if (!view || (drawn === this.#drawn && this.#dialog.open)) return;
    this.#drawn = drawn;
    const { headline, detail } = story(view);
    const { result } = view;
    /** @type {[string, string | undefined][]} */
    const facts = [
      ["Reference", view.transaction_reference],
      ["Received", dateAndTime(view.received_at)],
      ["Asked for", asked(view) === undefined ? undefined : money(asked(view) ?? 0)],
      [
        "Charged",
        view.state === "approved" && result?.amount_total_cents !== undefined
          ? money(result.amount_total_cents)
          : undefined,
      ],
      ["Card", [result?.card_type, result?.card_pan].filter(Boolean).join(" ")],
      ["Authorisation", result?.auth_id],
      ["Terminal", view.device_id],
      ["Transaction", view.transaction_id],
    ];
    const close = build(
      "button",
      { type: "button", class: "button primary", onclick: () => this.#dialog.close() },
      "Close",
    );
    const receipt = result?.receipt ?? "";
    const print =
      receipt &&
      build("button", { type: "button", class: "button", onclick: () => printReceipt(receipt) }, "Print receipt");
    const cancel =
      !view.final &&
      !view.cancel_requested &&
      build("button", { type: "button", class: "button danger", onclick: () => this.#cancel(view) }, "Cancel payment");
    fill(
      this.#dialog,
      build(
        "div",
        { class: "stack" },
        build(
          "div",
          { class: "row apart" },
          build("h2", { id: "entry-title" }, functionName(view.function)),
          build("span", { class: "badge", "data-tone": stateTone(view.state) }, stateText(view.state)),
        ),
        detail &&
          build(
            "p",
            { class: "notice", "data-tone": stateTone(view.state) },
            headline === stateText(view.state) ? detail : `${headline}. ${detail}`,
          ),
        build(
          "dl",
          { class: "facts" },
          ...facts
            .filter(([, value]) => value)
            .flatMap(([name, value]) => [build("dt", {}, name), build("dd", { class: "figures" }, value)]),
        ),
        receipt && build("pre", { class: "receipt", tabindex: "0", role: "region", "aria-label": "Receipt" }, receipt),
        build("div", { class: "row actions" }, close, print, cancel),
      ),
    );
  }

  /** @param {TransactionView} view */
  async #cancel(view) {
    await this.station.client.cancel(view.transaction_id).catch(() => {});
  }

  #typed() {
    this.#waiting = "";
    delete this.#status.dataset.asked;
    this.update();
  }

  /** @param {Event} event */
  async #ask(event) {
    event.preventDefault();
    const reference = this.#search.value.trim();
    if (!reference) return;
    this.#status.dataset.asked = "yes";
    await this.#find(reference);
  }

  /**
   * Without a connection it is asked as soon as there is one.
   *
   * @param {string} reference
   */
  async #find(reference) {
    if (this.station.client.status.phase !== "online") {
      this.#waiting = reference;
      write(this.#status, "Searching as soon as the connection is back…");
      return;
    }
    write(this.#status, "Searching…");
    try {
      const found = await this.station.client.find(reference);
      write(
        this.#status,
        found.length === 0
          ? "There is nothing with exactly that reference."
          : `Found ${found.length} with that reference.`,
      );
    } catch (error) {
      write(this.#status, troubleText(/** @type {HubError} */ (error)));
    }
  }
}

customElements.define("till-history", HistoryView);
