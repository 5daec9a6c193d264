/** Which view an address shows, and its place on the page: heading, way back, navigation. */

import { build, fill, find, write } from "../view/element.js";
import "./code-view.js";
import "./codes-view.js";
import "./device-view.js";
import "./devices-view.js";
import "./events-view.js";
import "./overview-view.js";
import "./pairing-view.js";
import "./registers-view.js";
import { addressOf, routeOf } from "./route.js";
import "./tables-view.js";
import "./transaction-view.js";
import "./transactions-view.js";

/**
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("./view.js").View} View
 */

/** Views that show all, and views that show one. @type {Record<string, string>} */
const LISTS = {
  overview: "dashboard-overview",
  devices: "dashboard-devices",
  registers: "dashboard-registers",
  codes: "dashboard-codes",
  transactions: "dashboard-transactions",
  events: "dashboard-events",
  tables: "dashboard-tables",
};

/** @type {Record<string, string>} */
const DETAILS = {
  devices: "dashboard-device",
  pairings: "dashboard-pairing",
  codes: "dashboard-code",
  transactions: "dashboard-transaction",
};

/** The list that a detail belongs to. @type {Record<string, [string, string]>} */
const PARENTS = {
  devices: ["devices", "Devices"],
  pairings: ["registers", "Registers"],
  codes: ["codes", "Pairing codes"],
  transactions: ["transactions", "Transactions"],
};

export class Outlet {
  #desk;
  #place = find(document, "#view");
  #title = find(document, "#title");
  #back = find(document, "#back");
  /** @type {View | null} */
  #view = null;
  #shown = "";
  #turn = () => this.#show(true);

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    window.addEventListener("hashchange", this.#turn);
    this.#show(false);
  }

  /** Show nothing any more. */
  close() {
    window.removeEventListener("hashchange", this.#turn);
    fill(this.#place);
  }

  /** @param {boolean} moved by the person, who is taken along */
  #show(moved) {
    if (this.#view && location.hash && !location.hash.startsWith("#/")) return; // a link within the page
    const route = routeOf(location.hash);
    const tag = (route.id ? DETAILS : LISTS)[route.view] ?? LISTS.overview;
    const wanted = `${tag} ${route.id}`;
    if (this.#view && this.#shown === wanted) {
      this.#view.turn(route);
      return;
    }
    this.#shown = wanted;
    const view = /** @type {View} */ (document.createElement(tag));
    this.#view = view;
    fill(this.#place, view);
    view.begin(this.#desk, route);
    const parent = route.id ? PARENTS[route.view] : undefined;
    fill(this.#back, parent && build("a", { href: addressOf(parent[0]) }, parent[1]));
    write(this.#title, view.heading);
    document.title = `${view.heading} · Dashboard · SmartConnect Hub`;
    this.#mark(parent?.[0] ?? (tag === LISTS[route.view] ? route.view : "overview"));
    if (!moved) return;
    window.scrollTo(0, 0);
    this.#title.focus({ preventScroll: true });
  }

  /** @param {string} current */
  #mark(current) {
    for (const link of document.querySelectorAll(".views a")) {
      if (link.getAttribute("href") === addressOf(current)) {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView({ block: "nearest", inline: "nearest" });
      } else link.removeAttribute("aria-current");
    }
  }
}
