/** What an operator does, each behind a dialog that says what it does. Each returns undefined if given up. */

import { announce } from "../view/announcer.js";
import { build } from "../view/element.js";
import { asked, money } from "../view/money.js";
import { functionName, stateText } from "../view/wording.js";
import { fittingOutcomes } from "../sdk/index.js";
import { perform } from "./action-dialog.js";
import { showCredential } from "./credential-dialog.js";
import { field } from "./field.js";

/**
 * @typedef {import("../sdk/index.js").DashboardClient} Client
 * @typedef {import("../sdk/dashboard-messages.js").TransactionRow} TransactionRow
 * @typedef {import("../sdk/messages.js").Outcome} Outcome
 */

const OPERATOR = "smartconnect.operator";

/** @type {Record<Outcome, string>} */
const FOUND = {
  approved: "The customer was charged (or refunded).",
  declined: "The bank declined it: nothing was charged.",
  cancelled: "It was cancelled: nothing was charged.",
  failed: "It failed: nothing was charged.",
  done: "It was carried out.",
};

/** @param {TransactionRow} row */
const titleOf = ({ transaction }) => {
  const amount = asked(transaction);
  return `${functionName(transaction.function)}${amount === undefined ? "" : ` of ${money(amount)}`}`;
};

function signature() {
  const operator = build("input", { id: "operator", required: true, maxlength: 200, autocomplete: "name", value: localStorage.getItem(OPERATOR) });
  const note = build("input", { id: "note", maxlength: 200, autocomplete: "off" });
  return {
    fields: [field("Your name", operator, "It is kept on record with this."), field("Note (optional)", note, "How you found out, a ticket number.")],
    signed() {
      const signed = { operator: operator.value.trim(), note: note.value.trim() };
      localStorage.setItem(OPERATOR, signed.operator);
      return signed;
    },
  };
}

/**
 * @param {Client} client
 * @param {TransactionRow} row
 */
export async function resolve(client, row) {
  const { transaction } = row;
  const { fields, signed } = signature();
  const choices = fittingOutcomes(transaction.function).map((outcome) => ({
    outcome,
    input: build("input", { type: "radio", name: "outcome", value: outcome, required: true }),
  }));
  const options = choices.map(({ outcome, input }) => build("label", { class: "option" }, input, build("span", {}, build("strong", {}, stateText(outcome)), ` ${FOUND[outcome]}`)));
  const sure = build("input", { type: "checkbox", required: true });
  const resolved = await perform({
    title: `Resolve: ${titleOf(row)}`,
    explain: [`What became of it at ${transaction.device_id}? Look at the terminal's journal or ask the bank: this becomes the outcome that the register is told.`],
    fields: [
      build("fieldset", { class: "stack" }, build("legend", {}, "Outcome"), ...options),
      ...fields,
      build("label", { class: "option" }, sure, build("span", {}, "I have checked this, and did not guess.")),
    ],
    yes: "Record the outcome",
    run: () => {
      const outcome = /** @type {{ outcome: Outcome }} */ (choices.find(({ input }) => input.checked)).outcome;
      return client.resolve({ transaction_id: transaction.transaction_id, outcome, ...signed() });
    },
  });
  if (resolved) announce(`Recorded: ${stateText(resolved.transaction.state)}.`);
  return resolved;
}

/**
 * @param {Client} client
 * @param {TransactionRow} row
 */
export async function review(client, row) {
  const { fields, signed } = signature();
  const { transaction } = row;
  const reviewed = await perform({
    title: `Review the conflict: ${titleOf(row)}`,
    explain: [`The record says ${stateText(transaction.state)}, and stays so. Settle the difference outside, such as by a refund; then tick it off here.`],
    fields,
    yes: "It is dealt with",
    run: () => client.review({ transaction_id: transaction.transaction_id, ...signed() }),
  });
  if (reviewed) announce("The conflict is ticked off.");
  return reviewed;
}

/**
 * @param {Client} client
 * @param {{ pairing_id: string, register_name: string, business_name: string }} pairing
 * @param {string} deviceId
 */
export async function unpair(client, { pairing_id, register_name, business_name }, deviceId) {
  const done = await perform({
    title: `Unpair ${register_name}?`,
    explain: [`${register_name} of ${business_name} no longer reaches ${deviceId}. What it has waiting there is cancelled, never sent. To undo it, pair the register with a new code.`],
    yes: "Unpair",
    danger: true,
    run: () => client.unpair(pairing_id),
  });
  if (done) announce(`${register_name} is unpaired.`);
  return done;
}

/** @param {Client} client */
export async function enrol(client) {
  const id = build("input", { id: "enrol-id", required: true, maxlength: 64, pattern: "[A-Za-z0-9._:\\-]+", autocomplete: "off", spellcheck: "false" });
  const name = build("input", { id: "enrol-name", maxlength: 200, autocomplete: "off" });
  const business = build("input", { id: "enrol-business", maxlength: 200, autocomplete: "off" });
  const enrolled = await perform({
    title: "Enrol a device",
    fields: [
      field("Device id", id, "Letters, digits and . _ : - as the terminal shows it."),
      field("Name (optional)", name, "What people call it, such as Counter 2."),
      field("Only for this business (optional)", business, "Then no other business's register can pair with it."),
    ],
    yes: "Enrol",
    run: () =>
      client.enrol({
        device_id: id.value,
        name: name.value.trim(),
        ...(business.value.trim() ? { business_name: business.value.trim() } : {}),
      }),
  });
  if (enrolled) await showCredential(enrolled);
  return enrolled;
}

/**
 * @param {Client} client
 * @param {string} deviceId
 */
export async function rotate(client, deviceId) {
  const rotated = await perform({
    title: `New credential for ${deviceId}?`,
    explain: ["The old one is good for nothing from now on, and its connection is closed at once. The device comes back when it has been given the new one."],
    yes: "Make a new credential",
    danger: true,
    run: () => client.rotate(deviceId),
  });
  if (rotated) await showCredential(rotated);
  return rotated;
}

/**
 * @param {Client} client
 * @param {string} deviceId
 */
export async function revoke(client, deviceId) {
  const done = await perform({
    title: `Revoke ${deviceId}?`,
    explain: ["The hub no longer lets it in, and closes its connection at once. What it has in flight stays in doubt until somebody resolves it. A new credential lets it in again."],
    yes: "Revoke",
    danger: true,
    run: () => client.revoke(deviceId),
  });
  if (done) announce(`${deviceId} is revoked.`);
  return done;
}

/** @param {Client} client */
export async function drain(client) {
  const done = await perform({
    title: "Drain the hub?",
    explain: [
      "Its process ends in order: connections are closed at a pace and told to come back, nothing that was acknowledged is lost.",
      "A supervisor starts it again. Without one, it stays down until somebody starts it.",
    ],
    yes: "Drain and end",
    danger: true,
    run: () => client.drain(),
  });
  if (done) announce("The hub drains.");
  return done;
}
