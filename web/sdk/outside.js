/** Pairing over the POS API, for a register that has no socket: its token is void or lost, and the hub requires one. */

import { ConnectionLost, RpcError } from "./errors.js";

const CONTACT = /** @type {const} */ ({
  contact_name: "Contact Name",
  address: "Address",
  city: "City",
  state: "State",
  zip_code: "ZipCode",
  email: "Email",
  phone: "Phone",
});

/**
 * Resolves with the new token; rejects as `pairing.redeem` over a socket does.
 *
 * @param {string} socketUrl the hub's address of registers' sockets
 * @param {import("./messages.js").Identity} identity
 * @param {import("./messages.js").Redeem} request
 * @returns {Promise<string>}
 */
export async function redeemOutside(socketUrl, identity, request) {
  const url = new URL(`/POS/Pairing/${encodeURIComponent(request.code)}`, socketUrl);
  url.protocol = url.protocol.replace("ws", "http");
  const body = new URLSearchParams({
    POSRegisterID: identity.register_id,
    POSRegisterName: request.register_name,
    POSBusinessName: identity.business_name,
    POSVendorName: identity.vendor_name,
  });
  for (const [name, posName] of Object.entries(CONTACT)) {
    const value = request[/** @type {keyof typeof CONTACT} */ (name)];
    if (value !== undefined) body.set(posName, value);
  }
  const answer = await fetch(url, { method: "PUT", body }).catch(() => {
    throw new ConnectionLost();
  });
  const token = answer.headers.get("SmartConnect-Register-Token");
  if (answer.ok && token) return token;
  const { error = `HTTP ${answer.status}` } = await answer.json().catch(() => ({}));
  const code = answer.headers.get("SmartConnect-Error-Code") ?? "internal_error";
  throw new RpcError(-32000, code, error, answer.status === 429 || answer.status >= 500);
}
