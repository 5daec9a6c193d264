/** The wire's words in plain language. What is unknown is called unknown. */

/**
 * @typedef {import("../sdk/messages.js").TransactionView} TransactionView
 * @typedef {"good" | "bad" | "wary" | "busy" | ""} Tone
 */

const FUNCTIONS = /** @type {Record<string, string>} */ ({
  "Card.Purchase": "Purchase",
  "Card.PurchasePlusCash": "Purchase with cash-out",
  "Card.CashAdvance": "Cash-out",
  "Card.Refund": "Refund",
  "Card.Authorise": "Pre-authorisation",
  "Card.Finalise": "Finalisation",
  "QR.Merchant.Purchase": "QR purchase, shown by the terminal",
  "QR.Consumer.Purchase": "QR purchase, shown by the customer",
  "QR.Refund": "QR refund",
  "Acquirer.Logon": "Logon",
  "Acquirer.Settlement.Inquiry": "Settlement inquiry",
  "Acquirer.Settlement.Cutover": "Settlement cutover",
  "Journal.ReprintReceipt": "Receipt reprint",
  "Journal.GetTransResult": "Last result",
  "Terminal.GetStatus": "Terminal status",
  "Terminal.ReadCard": "Card reading",
});

const STAGES = /** @type {Record<string, string>} */ ({
  entering_tip: "The customer is choosing a tip",
  confirming_surcharge: "The customer is asked about the surcharge",
  waiting_for_card: "Waiting for the card",
  reading_card: "Reading the card",
  entering_pin: "The customer is entering the PIN",
  authorising: "Asking the bank",
  pin_wrong: "Wrong PIN, the customer tries again",
  signing: "Check the signature at the terminal",
  showing_qr: "The customer is scanning the terminal's code",
  scanning_qr: "Scan the customer's code with the terminal",
  processing: "The terminal is working on it",
});

const REASONS = /** @type {Record<string, string>} */ ({
  insufficient_funds: "not enough funds",
  wrong_pin: "wrong PIN",
  do_not_honour: "refused by the bank",
  card_expired: "the card has expired",
  signature_mismatch: "the signature does not match",
  host_unavailable: "the bank could not be reached",
  system_error: "the terminal has a fault",
  timeout: "nobody presented a card in time",
  cancelled_by_customer: "cancelled at the terminal",
  cancelled_by_pos: "cancelled by the register",
});

const CAUSES = /** @type {Record<string, string>} */ ({
  cancelled_by_pos: "Cancelled by the register before it reached the terminal.",
  start_deadline: "It waited too long for the terminal.",
  device_offline: "The terminal was not connected.",
  unpaired: "The register was unpaired meanwhile.",
  not_received: "The terminal never got it.",
  device_refused: "The terminal would not start it.",
  device: "Cancelled at the terminal.",
});

const DOUBTS = /** @type {Record<string, string>} */ ({
  device_offline: "The terminal lost its connection in the middle of it.",
  device_silent: "The terminal has gone silent.",
  device_replaced: "The terminal was exchanged in the middle of it.",
  device_forgot: "The terminal no longer knows it.",
});

const UNKNOWN =
  "It may or may not have been charged: do not charge again until it is known. " +
  "It is shown here as soon as the terminal tells.";

/** @param {string} word such as `wrong_pin`, for those not listed here */
const plain = (word) => word.replaceAll("_", " ");

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** @param {string} name a TransactionType */
export const functionName = (name) => FUNCTIONS[name] ?? name;

/** @param {string} stage */
export const stageText = (stage) => STAGES[stage] ?? capital(plain(stage));

/** @param {string} reason */
export const reasonText = (reason) => REASONS[reason] ?? plain(reason);

/**
 * As a sentence by itself.
 *
 * @param {string} reason
 */
export const reasonSentence = (reason) => `${capital(reasonText(reason))}.`;

const STATES = /** @type {Record<string, [Tone, string]>} */ ({
  queued: ["busy", "Waiting"],
  sending: ["busy", "Calling the terminal"],
  processing: ["busy", "On the terminal"],
  cancelling: ["wary", "Cancelling"],
  in_doubt: ["wary", "Outcome unknown"],
  approved: ["good", "Approved"],
  declined: ["bad", "Declined"],
  cancelled: ["", "Cancelled"],
  failed: ["bad", "Failed"],
  done: ["good", "Done"],
});

/** @param {string} state */
export const stateText = (state) => (STATES[state] ?? ["", capital(plain(state))])[1];

/**
 * @param {string} state
 * @returns {Tone}
 */
export const stateTone = (state) => (STATES[state] ?? [""])[0];

/**
 * What a transaction is doing, or how it ended: a headline and a sentence.
 *
 * @param {TransactionView} view
 * @returns {{ headline: string, detail: string }}
 */
export function story(view) {
  if (view.delayed) {
    const why = DOUBTS[view.cause ?? ""] ?? "The terminal has not answered.";
    return {
      headline: "Outcome unknown",
      detail: `${why} ${UNKNOWN}`,
    };
  }
  switch (view.state) {
    case "queued":
      return { headline: "Waiting for the terminal", detail: ahead(view.queue_position) };
    case "sending":
      return { headline: "Calling the terminal", detail: "" };
    case "processing":
      return {
        headline: stageText(view.stage ?? "processing"),
        detail: view.cause === "cancel_too_late" ? "Too late to cancel: the payment goes on." : "",
      };
    case "cancelling":
      return {
        headline: "Cancel requested",
        detail: "The terminal decides: a payment that is already under way may still win.",
      };
    default:
      return { headline: stateText(view.state), detail: ending(view) };
  }
}

/** @param {number} [position] */
function ahead(position = 1) {
  if (position <= 1) return "Next in line.";
  return position === 2 ? "1 transaction is ahead of it." : `${position - 1} transactions are ahead of it.`;
}

/** @param {TransactionView} view */
function ending(view) {
  const { reason, resolved_by } = view.result ?? {};
  if (view.never_sent) return `${CAUSES[view.cause ?? ""] ?? ""} Nothing was charged.`.trim();
  if (resolved_by) return `Settled by a person: ${resolved_by}.`;
  if (reason) return reasonSentence(reason);
  if (view.state === "cancelled") return CAUSES[view.cause ?? ""] ?? "";
  return "";
}

const CLOSINGS = /** @type {Record<number, string>} */ ({
  4500: "Another connection of the same terminal has taken over.",
  4501: "The credential is not accepted.",
  4502: "The credential was revoked or replaced.",
});

/**
 * Why something that was asked for was not done.
 *
 * @param {import("../sdk/index.js").HubError} error
 */
export function troubleText({ code, message }) {
  const unreached = code === "connection_lost" || code === "answer_timeout";
  return unreached ? "There is no connection. Try again when it is back." : message;
}

/**
 * Why a link must not come back by itself.
 *
 * @param {import("../sdk/reconnect.js").LinkStatus} status
 */
export function refusalText({ code, error }) {
  return CLOSINGS[code ?? 0] ?? error?.message ?? `The connection was closed (${code}).`;
}
