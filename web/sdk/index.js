/**
 * The browser SDK of the hub: plain ES modules, no dependencies, no build step.
 *
 *     import { RegisterClient } from "https://HUB/web/sdk/index.js";
 *
 *     const register = new RegisterClient({
 *       identity: { register_id: "…", business_name: "Toys Shop", vendor_name: "Till2Go" },
 *     });
 *     register.on("transaction", (view) => show(view.state, view.stage, view.result));
 *     register.open();
 *     await register.whenOnline();
 *     await register.redeem({ code: "12345678", register_name: "Front counter" });
 *     await register.submit({ function: "Card.Purchase", amount_total_cents: 1250 });
 */

export { Attempts } from "./attempts.js";
export { CloseCode, mayComeBack, retryAfterMs } from "./closing.js";
export { DashboardClient, fittingOutcomes } from "./dashboard.js";
export { DeviceClient } from "./device.js";
export { Emitter } from "./emitter.js";
export { DASHBOARD_PROTOCOL, DEVICE_PROTOCOL, REGISTER_PROTOCOL, endpoint } from "./endpoint.js";
export { AnswerTimeout, ConnectionLost, HubError, NotSent, RpcError, StorageUnavailable } from "./errors.js";
export { DeviceMemory } from "./memory.js";
export { NO_ANSWER, Peer, refuse } from "./peer.js";
export { Link } from "./reconnect.js";
export { RegisterClient } from "./register.js";
export { Slot, VolatileShelf } from "./slot.js";
export { randomToken, randomUuid } from "./token.js";
