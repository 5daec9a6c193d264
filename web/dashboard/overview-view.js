/** `<dashboard-overview>`: what needs a person, and how the hub stands. */

import { build, fill, list, write } from "../view/element.js";
import { stateText } from "../view/wording.js";
import { AttentionList, SHOWN } from "./attention-list.js";
import { card } from "./badge.js";
import { drain } from "./operations.js";
import { addressOf } from "./route.js";
import { Sparkline } from "./sparkline.js";
import { onlineDevices, openTransactions } from "./trend.js";
import { View } from "./view.js";
import { stateWords } from "./words.js";

/** @typedef {import("../sdk/dashboard-messages.js").Overview} Overview */

const CODES_LIMIT = 200; // the hub counts no further

const whole = new Intl.NumberFormat();
const rate = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/**
 * @typedef {object} Tile
 * @property {string} name
 * @property {(overview: Overview) => string} value
 * @property {(overview: Overview) => string} [note]
 * @property {string} [series]
 * @property {boolean} [peak] whether its highest is worth telling
 * @property {string} [address]
 */

/** @type {Tile[]} */
const TILES = [
  { name: "Submitted a second", value: (o) => rate.format(o.submitted_per_second), series: "submitted", peak: true },
  { name: "Finished a second", value: (o) => rate.format(o.finished_per_second), series: "finished", peak: true },
  { name: "Open transactions", value: (o) => whole.format(openTransactions(o)), series: "open", address: addressOf("transactions") },
  {
    name: "Devices online",
    value: (o) => whole.format(onlineDevices(o)),
    note: (o) => `of ${whole.format(o.devices)}`,
    series: "online",
    address: addressOf("devices"),
  },
  { name: "Connections", value: (o) => whole.format(o.connections), series: "connections" },
  { name: "Write queue", value: (o) => whole.format(o.write_queue), series: "write_queue" },
  { name: "Pairings", value: (o) => whole.format(o.pairings), address: addressOf("registers") },
  {
    name: "Live codes",
    value: (o) => (o.live_codes >= CODES_LIMIT ? `${CODES_LIMIT}+` : whole.format(o.live_codes)),
    address: addressOf("codes"),
  },
];

class OverviewView extends View {
  #attention = /** @type {AttentionList | null} */ (null);
  #tiles = TILES.map((tile) => new TileView(tile));
  #outcomes = build("ul", { class: "meters" });
  #open = build("ul", { class: "meters" });
  #queues = build("ul", { class: "meters" });
  #about = build("p", { class: "soft small figures" });
  #seen = "";

  get heading() {
    return "Overview";
  }

  /** @param {HTMLElement} body */
  draw(body) {
    this.#attention = new AttentionList(this.desk, () => this.refresh());
    fill(
      body,
      this.#attention.element,
      build("section", { class: "tiles", "aria-label": "Now" }, ...this.#tiles.map(({ element }) => element)),
      build(
        "div",
        { class: "columns" },
        card("Outcomes since the hub started", this.#outcomes),
        card("Open transactions", this.#open),
        card("Devices by queue state", this.#queues),
      ),
      build(
        "section",
        { class: "row apart" },
        this.#about,
        build("button", { type: "button", class: "button danger small", onclick: () => void drain(this.client) }, "Drain the hub"),
      ),
    );
    this.atEnd(this.desk.on("overview", (overview) => this.#show(overview)));
    if (this.desk.overview) this.#show(this.desk.overview);
  }

  async load() {
    const [rows, stalled] = await Promise.all([
      this.client.transactions({ attention: true, limit: SHOWN }),
      this.client.devices({ state: "stalled", limit: SHOWN }),
    ]);
    this.#attention?.show(rows, stalled);
  }

  /** @param {Overview} overview */
  #show(overview) {
    for (const tile of this.#tiles) tile.show(overview, this.desk.trend);
    const outcomes = { ...overview.finished_by_state };
    showMeters(this.#outcomes, "transaction", outcomes, (state) => addressOf("transactions", "", { state }));
    showMeters(this.#open, "transaction", overview.open_by_state, (state) => addressOf("transactions", "", { state }));
    showMeters(this.#queues, "device_queue", overview.devices_by_state, (state) => addressOf("devices", "", { state }));
    const welcome = this.client.welcome;
    write(this.#about, `Hub ${welcome?.hub_version ?? ""}${welcome?.development ? ", development mode: unknown devices may enrol themselves" : ""}.`);
    // What needs a person is looked up at once when there is more or less of it.
    const seen = `${overview.attention} ${overview.devices_by_state.stalled ?? 0}`;
    if (this.#seen !== "" && this.#seen !== seen) this.refresh();
    this.#seen = seen;
  }
}

class TileView {
  #tile;
  #value = build("span", { class: "value figures" });
  #note = build("span", { class: "soft small figures" });
  #plot = new Sparkline();

  /** @param {Tile} tile */
  constructor(tile) {
    this.#tile = tile;
    const name = tile.address ? build("a", { href: tile.address }, tile.name) : tile.name;
    this.element = build("div", { class: "tile" }, build("p", { class: "name" }, name), build("p", {}, this.#value, " ", this.#note));
    if (tile.series) this.element.append(this.#plot.element);
  }

  /**
   * @param {Overview} overview
   * @param {import("./trend.js").Trend} trend
   */
  show(overview, trend) {
    const { series, value, note, peak } = this.#tile;
    write(this.#value, value(overview));
    const values = series ? trend.values(series) : [];
    const highest = peak && values.length > 1 ? `peak ${rate.format(Math.max(...values))}` : "";
    write(this.#note, note?.(overview) ?? highest);
    if (series) this.#plot.show(values);
  }
}

/**
 * Counts by state as bars.
 *
 * @param {HTMLElement} parent
 * @param {string} kind
 * @param {Record<string, number>} counts
 * @param {(state: string) => string} address
 */
function showMeters(parent, kind, counts, address) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const items = Object.entries(counts).length > 0 ? Object.entries(counts) : [["", 0]];
  list(parent, /** @type {[string, number][]} */ (items), {
    key: ([state]) => state,
    make: ([state]) => {
      if (!state) return build("li", { class: "soft" }, "None.");
      const text = kind === "transaction" ? stateText(state) : stateWords(kind, state).text;
      const bar = build("span", { class: "bar-track", "aria-hidden": "true" }, build("span", { class: "bar-fill", "data-tone": stateWords(kind, state).tone }));
      return build("li", {}, build("a", { href: address(state) }, text), build("span", { class: "count figures" }), bar);
    },
    update: (element, [state, count]) => {
      const shown = element.querySelector(".count");
      const bar = /** @type {HTMLElement | null} */ (element.querySelector(".bar-fill"));
      if (!state || !shown || !bar) return;
      write(shown, whole.format(count));
      bar.style.width = `${total === 0 ? 0 : (100 * count) / total}%`;
    },
  });
}

customElements.define("dashboard-overview", OverviewView);
