/** A view of the dashboard: lives while its address is shown, loads when there is reason to, and says what went wrong. */

import { ConnectionLost, HubError } from "../sdk/index.js";
import { build, fill, write } from "../view/element.js";
import { Refresher } from "./refresher.js";

/**
 * @typedef {import("./desk.js").Desk} Desk
 * @typedef {import("./route.js").Route} Route
 */

const REST_MS = 500;
const EVERY_MS = 2_000;

export class View extends HTMLElement {
  /** @type {Desk | undefined} */
  #desk;
  /** @type {Route | undefined} */
  #route;
  /** @type {(() => void)[]} */
  #offs = [];
  #refresher = new Refresher(() => this.#loadAll(), REST_MS);
  #loadedAt = 0;
  #problem = build("p", { class: "notice", "data-tone": "bad", role: "alert", hidden: true });
  #body = build("div", { class: "stack wide" });

  /**
   * Show the address at the desk; called once.
   *
   * @param {Desk} desk
   * @param {Route} route
   */
  begin(desk, route) {
    this.#desk = desk;
    this.#route = route;
    fill(this, this.#problem, this.#body);
    this.draw(this.#body);
    this.#offs.push(
      desk.on("status", ({ phase }) => phase === "online" && this.refresh()),
      desk.on("overview", () => this.#everySoOften()),
      desk.on("happenings", (happenings) => this.happened(happenings)),
    );
    const awake = () => document.hidden || this.refresh();
    document.addEventListener("visibilitychange", awake);
    this.atEnd(() => document.removeEventListener("visibilitychange", awake));
    void desk.client.watch(this.wanted).catch(() => {});
    this.refresh();
  }

  /**
   * The same view at another address, such as one with another filter.
   *
   * @param {Route} route
   */
  turn(route) {
    this.#route = route;
    this.turned();
    this.refresh();
  }

  disconnectedCallback() {
    this.#refresher.stop();
    for (const off of this.#offs) off();
  }

  /** @returns {Desk} */
  get desk() {
    if (!this.#desk) throw new Error("This view has not begun yet.");
    return this.#desk;
  }

  get client() {
    return this.desk.client;
  }

  /** @returns {Route} */
  get route() {
    if (!this.#route) throw new Error("This view has not begun yet.");
    return this.#route;
  }

  /** What the page is called while this view is shown. */
  get heading() {
    return "";
  }

  /**
   * Which happenings to have pushed; null: none.
   *
   * @returns {import("../sdk/dashboard-messages.js").Wanted | null}
   */
  get wanted() {
    return null;
  }

  /** Whether to load again every other second. */
  get isLive() {
    return true;
  }

  /**
   * Make what never changes.
   *
   * @param {HTMLElement} _body
   */
  draw(_body) {}

  /** The address has changed. */
  turned() {}

  /** Ask the hub, and show its answers. May throw what the client throws. */
  async load() {}

  /** @param {import("../sdk/dashboard-messages.js").Happenings} _happenings */
  happened(_happenings) {
    this.#refresher.ask();
  }

  /** Load now: a person waits. */
  refresh() {
    this.#refresher.hurry();
  }

  /**
   * End it with the view.
   *
   * @param {() => void} off
   */
  atEnd(off) {
    this.#offs.push(off);
  }

  #everySoOften() {
    if (this.isLive && !document.hidden && Date.now() - this.#loadedAt >= EVERY_MS) this.#refresher.ask();
  }

  async #loadAll() {
    if (!this.desk.isOnline) return;
    try {
      await this.load();
      this.#tell("");
      this.#body.hidden = false;
    } catch (error) {
      if (!(error instanceof HubError)) {
        reportError(error); // a fault of the page, for the console
      } else if (!(error instanceof ConnectionLost)) {
        this.#tell(error.message);
        if (error.code.endsWith("_unknown")) this.#body.hidden = true;
      } // else: it is told at the top of the page, and what is shown stays
    }
    this.#loadedAt = Date.now();
  }

  /** @param {string} problem */
  #tell(problem) {
    write(this.#problem, problem);
    this.#problem.hidden = problem === "";
  }
}
