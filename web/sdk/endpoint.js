/** Addresses of the hub's sockets. */

export const DEVICE_PROTOCOL = "smartconnect.device.v1";
export const REGISTER_PROTOCOL = "smartconnect.register.v1";
export const DASHBOARD_PROTOCOL = "smartconnect.dashboard.v1";

/**
 * The WebSocket URL of a path on the hub.
 *
 * @param {string} path such as `/ws/register`
 * @param {string} [hub] the hub's address; without it the one that served the page
 */
export function endpoint(path, hub = globalThis.location?.href) {
  const url = new URL(path, hub);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}
