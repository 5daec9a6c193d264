/** `<dashboard-events>`: what happens, as it happens, filtered by the hub. */

import { announce } from "../view/announcer.js";
import { build, fill, write } from "../view/element.js";
import { field, put, searchBox } from "./field.js";
import { addressOf } from "./route.js";
import { Stream } from "./stream.js";
import { View } from "./view.js";
import { KINDS } from "./words.js";

/**
 * @typedef {import("../sdk/dashboard-messages.js").Happening} Happening
 * @typedef {import("../sdk/dashboard-messages.js").Wanted} Wanted
 */

const ID = /^[A-Za-z0-9._:-]{1,64}$/;
const RECENT = 200;
const SIGNS_KEPT = 2_000;

class EventsView extends View {
  #stream = new Stream();
  #kinds = Object.entries(KINDS).map(([kind, name]) => ({ kind, name, input: build("input", { type: "checkbox", value: kind }) }));
  #device = searchBox("event-device", "7070714000");
  #subject = searchBox("event-subject", "Id of a transaction, pairing or code");
  #pause = build("button", { type: "button", class: "button", "aria-pressed": "false", onclick: () => this.#togglePause() }, "Pause");
  #told = build("p", { class: "small soft figures" });
  /** What was shown lately. @type {Set<string>} */
  #seen = new Set();
  #count = 0;
  // Times of the hub are written so that their order is that of their texts.
  #latest = "";
  #clearedTo = "";
  #skipped = 0;
  #paused = false;
  #asked = "";

  get heading() {
    return "Events";
  }

  get isLive() {
    return false;
  }

  /** @returns {Wanted | null} */
  get wanted() {
    if (this.#paused) return null;
    const { query } = this.route;
    const kinds = query.get("kinds")?.split(",").filter((kind) => kind in KINDS);
    const [device, subject] = ["device", "subject"].map((name) => query.get(name) ?? "");
    // A filter that cannot match is not sent: the hub would refuse it.
    if ((device && !ID.test(device)) || (subject && !ID.test(subject))) return { kinds: [] };
    return { ...(kinds?.length ? { kinds } : {}), ...(device ? { device_id: device } : {}), ...(subject ? { subject } : {}) };
  }

  /** @param {HTMLElement} body */
  draw(body) {
    const kinds = build(
      "fieldset",
      { class: "choices" },
      build("legend", { class: "unseen" }, "Kinds"),
      ...this.#kinds.map(({ name, input }) => build("label", {}, input, name)),
    );
    const filters = build(
      "form",
      { class: "stack", role: "search", oninput: () => this.#typed(), onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      kinds,
      build(
        "div",
        { class: "filters" },
        field("Device id", this.#device),
        field("Subject", this.#subject),
        this.#pause,
        build("button", { type: "button", class: "button", onclick: () => this.#begin(this.#latest) }, "Clear"),
      ),
    );
    fill(body, build("section", { class: "card stack" }, filters, this.#told, this.#stream.element));
    this.turned();
  }

  turned() {
    const { query } = this.route;
    const kinds = query.get("kinds")?.split(",") ?? [];
    for (const { kind, input } of this.#kinds) input.checked = kinds.includes(kind);
    put(this.#device, query.get("device") ?? "");
    put(this.#subject, query.get("subject") ?? "");
    this.#tell();
  }

  /** What was before comes first; after a lost connection, what was missed. */
  async load() {
    if (this.#paused) return;
    const wanted = this.wanted ?? {};
    const asked = JSON.stringify(wanted);
    if (asked !== this.#asked) this.#begin("");
    this.#asked = asked;
    // Watched first: what happens between the two is in both, and shown once.
    await this.client.watch(wanted);
    const recent = await this.client.recent({ ...wanted, limit: RECENT });
    if (this.#asked === asked) this.#stream.add(this.#unseen(recent));
  }

  /** @param {import("../sdk/dashboard-messages.js").Happenings} happenings */
  happened({ items, skipped }) {
    if (this.#paused || document.hidden) return;
    this.#stream.add(this.#unseen(items));
    this.#count += items.length;
    this.#skipped += skipped;
    this.#tell();
  }

  /** @param {Happening[]} happenings */
  #unseen(happenings) {
    const fresh = happenings.filter(({ at, subject, what, state }) => {
      const sign = `${at} ${subject} ${what} ${state}`;
      const isNew = at > this.#clearedTo && !this.#seen.has(sign);
      this.#seen.add(sign);
      if (at > this.#latest) this.#latest = at;
      return isNew;
    });
    // A set gives its oldest first.
    for (const sign of this.#seen) {
      if (this.#seen.size <= SIGNS_KEPT) break;
      this.#seen.delete(sign);
    }
    return fresh;
  }

  #tell() {
    const skipped = this.#skipped > 0 ? ` ${this.#skipped.toLocaleString()} more came too fast to be shown.` : "";
    const state = this.#paused ? "Paused." : "Live.";
    write(this.#told, `${state} ${this.#count.toLocaleString()} since it was opened.${skipped}`);
  }

  #togglePause() {
    this.#paused = !this.#paused;
    this.#pause.setAttribute("aria-pressed", String(this.#paused));
    write(this.#pause, this.#paused ? "Go on" : "Pause");
    if (this.#paused) void this.client.watch(null).catch(() => {});
    else this.refresh();
    announce(this.#paused ? "Paused." : "Live.");
    this.#tell();
  }

  /** @param {string} clearedTo show nothing that is not later */
  #begin(clearedTo) {
    this.#clearedTo = clearedTo;
    this.#stream.clear();
    this.#seen.clear();
    this.#count = this.#skipped = 0;
    this.#tell();
  }

  #typed() {
    const kinds = this.#kinds.filter(({ input }) => input.checked).map(({ kind }) => kind);
    location.replace(addressOf("events", "", { kinds: kinds.join(","), device: this.#device.value.trim(), subject: this.#subject.value.trim() }));
  }
}

customElements.define("dashboard-events", EventsView);
