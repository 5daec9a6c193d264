/** The operator's desk: the connection, what all views share of what it tells, and where the views' addresses lead. */

import { DashboardClient, Emitter } from "../sdk/index.js";
import { Trend } from "./trend.js";

/**
 * @typedef {import("../sdk/dashboard-messages.js").DashboardWelcome} DashboardWelcome
 * @typedef {import("../sdk/dashboard-messages.js").Overview} Overview
 * @typedef {import("../sdk/dashboard-messages.js").StateTable} StateTable
 *
 * @typedef {object} DeskEvents
 * @property {import("../sdk/reconnect.js").LinkStatus} status
 * @property {Overview} overview once a second
 * @property {import("../sdk/dashboard-messages.js").Happenings} happenings
 */

/** @extends {Emitter<DeskEvents>} */
export class Desk extends Emitter {
  trend = new Trend();
  /** @type {Overview | null} */
  overview = null;

  /** @param {string} token */
  constructor(token) {
    super();
    this.client = new DashboardClient({ token });
    this.client.on("overview", (overview) => {
      this.overview = overview;
      this.trend.add(overview);
      this.emit("overview", overview);
    });
    this.client.on("happenings", (happenings) => this.emit("happenings", happenings));
    this.client.on("status", (status) => this.emit("status", status));
  }

  get isOnline() {
    return this.client.status.phase === "online";
  }

  /** Whether the hub has ever answered: before that there is nothing to show. */
  get isKnown() {
    return this.client.welcome !== null;
  }

  /** All tables, as the server runs them. */
  get tables() {
    return this.client.welcome?.tables ?? [];
  }

  /**
   * @param {string} kind of the happenings that walk it
   * @returns {StateTable}
   */
  table(kind) {
    const found = this.tables.find((table) => table.kind === kind);
    if (!found) throw new Error(`The hub has no table of the kind ${kind}.`);
    return found;
  }
}
