/** `<dashboard-device>`: one device: its queue, what it is doing, its registers, what happened lately. */

import { build, fill, list } from "../view/element.js";
import { asked, money } from "../view/money.js";
import { dateAndTime } from "../view/moment.js";
import { functionName, story } from "../view/wording.js";
import { card, factsOf, linkTo, stateBadge } from "./badge.js";
import "./diagram.js";
import { HappeningList } from "./happening-list.js";
import { revoke, rotate, unpair } from "./operations.js";
import { addressOf } from "./route.js";
import { listTime } from "./timing.js";
import { View } from "./view.js";
import { walk } from "./walk.js";

/**
 * @typedef {import("../sdk/dashboard-messages.js").DeviceView} Device
 * @typedef {import("../sdk/dashboard-messages.js").TransactionRow} TransactionRow
 * @typedef {import("../sdk/messages.js").PairingInfo} PairingInfo
 */

const WAITING_SHOWN = 20;
const RECENT = 100;
const LATELY = 15;
/** A queue goes round and round: of its path only the last steps tell something. */
const STEPS_SHOWN = 8;

class DeviceView extends View {
  #facts = build("dl", { class: "facts spread" });
  #state = build("div", { class: "row" });
  #diagram = /** @type {import("./diagram.js").StateDiagram} */ (document.createElement("state-diagram"));
  #work = build("ol", { class: "work" });
  #registers = build("ul", { class: "rows" });
  #happenings = new HappeningList();

  get heading() {
    return `Device ${this.route.id}`;
  }

  get wanted() {
    return { device_id: this.route.id };
  }

  /** @param {HTMLElement} body */
  draw(body) {
    this.#diagram.table = this.desk.table("device_queue");
    const action = (/** @type {string} */ text, /** @type {typeof rotate} */ act) =>
      build("button", { type: "button", class: "button small danger", onclick: () => void act(this.client, this.route.id).then(() => this.refresh()) }, text);
    const id = this.route.id;
    fill(
      body,
      build("section", { class: "card stack", "aria-label": "Device" }, build("div", { class: "row apart" }, this.#state, build("div", { class: "row" }, action("New credential", rotate), action("Revoke", revoke))), this.#facts),
      card("Queue", build("p", { class: "soft small" }, `Lit: where it is now. Marked: its last ${STEPS_SHOWN} steps.`), this.#diagram),
      build(
        "div",
        { class: "columns halves" },
        card("On the device, and waiting for it", this.#work, build("p", { class: "small" }, build("a", { href: addressOf("transactions", "", { device: id }) }, "All its transactions"))),
        card("Registers", this.#registers),
      ),
      card("Lately", this.#happenings.element, build("p", { class: "small" }, build("a", { href: addressOf("events", "", { device: id }) }, "Follow its events"))),
    );
  }

  async load() {
    const { id } = this.route;
    const device = await this.client.device(id);
    const [happenings, steps, waiting, current] = await Promise.all([
      this.client.recent({ device_id: id, limit: RECENT }),
      this.client.recent({ subject: id, kinds: ["device_queue"], limit: STEPS_SHOWN + 1 }),
      this.client.transactions({ device_id: id, state: "queued", limit: WAITING_SHOWN }),
      device.current_transaction ? this.client.transaction(device.current_transaction) : null,
    ]);
    this.#show(device);
    this.#diagram.show(walk(this.desk.table("device_queue"), steps, device.queue_state));
    this.#showWork(current, waiting.reverse(), device.queue_depth);
    this.#showRegisters(device.pairings ?? []);
    // Of its queue the hub remembers more than of all that happened.
    this.#happenings.show(happenings.length > 0 ? happenings : steps, { limit: LATELY });
  }

  /** @param {Device} device */
  #show(device) {
    const online = build("span", { class: "badge", "data-tone": device.online ? "good" : "" }, device.online ? "Online" : "Offline");
    fill(this.#state, online, device.queue_state !== "offline" && stateBadge("device_queue", device.queue_state), device.revoked_at && build("span", { class: "badge", "data-tone": "bad" }, "Revoked"));
    fill(
      this.#facts,
      ...factsOf([
        ["Name", device.name !== device.device_id && device.name],
        ["Queue depth", device.queue_depth],
        ["Epoch", device.epoch],
        ["Serial", device.serial],
        ["Model", device.model],
        ["Firmware", device.firmware],
        [device.online ? "Connected since" : "Last connected", device.connected_at && dateAndTime(device.connected_at)],
        ["Disconnected", !device.online && device.disconnected_at && dateAndTime(device.disconnected_at)],
        ["Only for", device.business_name],
        ["Merchant", device.merchant_id && build("span", { class: "mono" }, device.merchant_id)],
        ["Enrolled", dateAndTime(device.enrolled_at)],
        ["Revoked", device.revoked_at && dateAndTime(device.revoked_at)],
      ]),
    );
  }

  /**
   * @param {TransactionRow | null} current
   * @param {TransactionRow[]} waiting the latest of them, in the order in which they came
   * @param {number} depth
   */
  #showWork(current, waiting, depth) {
    const rows = [...(current && !current.transaction.final ? [current] : []), ...waiting];
    list(this.#work, rows, {
      key: ({ transaction }) => `${transaction.transaction_id} ${transaction.state} ${transaction.stage ?? ""} ${transaction.queue_position ?? ""}`,
      make: ({ transaction, register_name }) => {
        const amount = asked(transaction);
        const { headline } = story(transaction);
        const now = transaction.queue_position ? `Place ${transaction.queue_position}` : headline;
        const badge = stateBadge("transaction", transaction.state);
        return build(
          "li",
          {},
          build("span", { class: "two" }, linkTo("transactions", transaction.transaction_id, `${functionName(transaction.function)}${amount === undefined ? "" : ` ${money(amount)}`}`), build("span", { class: "soft small" }, `${register_name}, ${listTime(transaction.received_at)}`)),
          now !== badge.textContent && build("span", { class: "small soft" }, now),
          badge,
        );
      },
    });
    if (rows.length === 0) fill(this.#work, build("li", { class: "soft" }, "Nothing."));
    else if (depth > waiting.length) this.#work.append(build("li", { class: "soft small" }, `${depth} wait; the latest ${waiting.length} are shown.`));
  }

  /** @param {PairingInfo[]} pairings */
  #showRegisters(pairings) {
    list(this.#registers, pairings, {
      key: ({ pairing_id, paired_at }) => `${pairing_id} ${paired_at}`,
      make: (pairing) => {
        const act = () => void unpair(this.client, pairing, this.route.id).then(() => this.refresh());
        return build(
          "li",
          {},
          build("span", { class: "two" }, linkTo("pairings", pairing.pairing_id, pairing.register_name), build("span", { class: "soft small" }, `${pairing.business_name}, ${pairing.vendor_name}, since ${listTime(pairing.paired_at)}`)),
          build("button", { type: "button", class: "button small", onclick: act }, "Unpair", build("span", { class: "unseen" }, ` ${pairing.register_name}`)),
        );
      },
    });
    if (pairings.length === 0) fill(this.#registers, build("li", { class: "soft" }, "None is paired with it."));
  }
}

customElements.define("dashboard-device", DeviceView);
