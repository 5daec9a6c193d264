/** `<dashboard-devices>`: the devices, searched and filtered by the hub, a page at a time. */

import { build, fill } from "../view/element.js";
import { dateAndTime } from "../view/moment.js";
import { linkTo, stateBadge } from "./badge.js";
import { choice, field, put, searchBox } from "./field.js";
import { enrol } from "./operations.js";
import { PAGE_SIZE, Pager } from "./pager.js";
import { addressOf } from "./route.js";
import { Sheet } from "./sheet.js";
import { ago } from "./timing.js";
import { View } from "./view.js";
import { plain } from "./words.js";

/** @typedef {import("../sdk/dashboard-messages.js").DeviceView} DeviceView */

class DevicesView extends View {
  #text = searchBox("device-text", "7070714000");
  #state = choice("device-state", [["", "Any"]]);
  #pager = new Pager();
  /** @type {Sheet<DeviceView>} */
  #sheet = new Sheet(
    "Devices, in the order of their ids",
    [
      { name: "Device", show: ({ device_id, name }) => `${device_id} ${name}`, make: ({ device_id, name }) => build("span", { class: "two" }, linkTo("devices", device_id), name !== device_id && build("span", { class: "soft small" }, name)) },
      { name: "Online", show: onlineText, make: (device) => build("span", { class: "badge", "data-tone": device.revoked_at ? "bad" : device.online ? "good" : "" }, onlineText(device)) },
      { name: "Queue", show: ({ queue_state }) => queue_state, make: ({ queue_state }) => stateBadge("device_queue", queue_state) },
      { name: "Depth", show: ({ queue_depth }) => String(queue_depth), class: "figures number" },
      { name: "Epoch", show: ({ epoch }) => String(epoch), class: "figures number minor" },
      { name: "Serial", show: ({ serial }) => serial ?? "", class: "mono minor" },
      { name: "Firmware", show: ({ firmware }) => firmware ?? "", class: "mono minor" },
      { name: "Last seen", show: (device) => this.#lastSeen(device), make: (device) => this.#lastSeenTime(device), class: "figures minor" },
    ],
    ({ device_id }) => device_id,
  );

  get heading() {
    return "Devices";
  }

  /** @param {HTMLElement} body */
  draw(body) {
    const states = this.desk.table("device_queue").states;
    fill(this.#state, build("option", { value: "" }, "Any"), ...states.map((state) => build("option", { value: state }, plain(state))));
    const filters = build(
      "form",
      { class: "filters", role: "search", oninput: () => this.#typed(), onsubmit: (/** @type {Event} */ event) => event.preventDefault() },
      field("Id, name or serial", this.#text),
      field("Queue state", this.#state),
      build("button", { type: "button", class: "button", onclick: () => void this.#enrol() }, "Enrol a device"),
    );
    fill(body, build("section", { class: "card stack" }, filters, this.#sheet.element, this.#pager.element));
    this.turned();
  }

  turned() {
    put(this.#text, this.route.query.get("text") ?? "");
    put(this.#state, this.route.query.get("state") ?? "");
  }

  async load() {
    const { query } = this.route;
    const [text, state, after] = ["text", "state", "after"].map((name) => query.get(name) ?? "");
    const found = await this.client.devices({ text, state, after, limit: PAGE_SIZE + 1 });
    const page = found.slice(0, PAGE_SIZE);
    const address = (/** @type {string | undefined} */ cursor) => addressOf("devices", "", { text, state, after: cursor });
    this.#sheet.show(page, text || state ? "No device matches." : "No devices are enrolled yet.");
    this.#pager.show({ address: address(after), first: address(""), next: found.length > PAGE_SIZE ? address(page[page.length - 1].device_id) : undefined });
  }

  #typed() {
    location.replace(addressOf("devices", "", { text: this.#text.value.trim(), state: this.#state.value }));
  }

  async #enrol() {
    const enrolled = await enrol(this.client);
    if (enrolled) location.assign(addressOf("devices", enrolled.device_id));
  }

  /** @param {DeviceView} device */
  #lastSeen(device) {
    if (device.online) return "now";
    return device.disconnected_at ? ago(device.disconnected_at, this.client.now()) : "never";
  }

  /** @param {DeviceView} device */
  #lastSeenTime(device) {
    const at = device.online ? undefined : device.disconnected_at;
    return build("time", { datetime: at, title: at && dateAndTime(at) }, this.#lastSeen(device));
  }
}

/** @param {DeviceView} device */
const onlineText = ({ online, revoked_at }) => (revoked_at ? "Revoked" : online ? "Online" : "Offline");

customElements.define("dashboard-devices", DevicesView);
