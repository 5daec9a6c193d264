/**
 * The terminals of this browser: each has a memory of its own, each tab works one of them.
 *
 * Which one is the tab's, so that several tabs are several terminals and a reload stays with its own.
 */

import { Slot, randomToken } from "../sdk/index.js";

const TAB_KEY = "smartconnect.terminal";

/**
 * How a terminal is set up; it outlives the page.
 *
 * @typedef {object} Setup
 * @property {"off" | "on" | "unplugged"} power
 * @property {boolean} network
 * @property {boolean} autoPlay
 * @property {boolean} tips
 * @property {number} surchargePercent
 * @property {string} card
 * @property {boolean} slow
 * @property {boolean} silent
 * @property {boolean} late
 */

/** @returns {Setup} */
const outOfTheBox = () => ({
  power: "off",
  network: true,
  autoPlay: false,
  tips: false,
  surchargePercent: 0,
  card: "visa",
  slow: false,
  silent: false,
  late: false,
});

/** @type {Slot<{ ids: string[] }>} */
const known = new Slot(localStorage, "smartconnect.terminals", () => ({ ids: [] }));

/** @param {string} deviceId */
export const setupOf = (deviceId) => new Slot(localStorage, `smartconnect.terminal/${deviceId}`, outOfTheBox);

/** All terminals of this browser, the one used last first. */
export const knownTerminals = () => known.read().ids;

/**
 * Make it this tab's terminal.
 *
 * @param {string} deviceId
 */
export function take(deviceId) {
  sessionStorage.setItem(TAB_KEY, deviceId);
  known.update((shelf) => void (shelf.ids = [deviceId, ...shelf.ids.filter((id) => id !== deviceId)].slice(0, 50)));
  // Held until the tab closes: other tabs see that it is in use.
  void navigator.locks?.request(lockOf(deviceId), () => new Promise(() => {}));
}

/** 30 bits of chance: an id that another terminal has already enrolled is refused, as anyone's would be. */
export const newTerminalId = () => `VT-${randomToken(6).toUpperCase()}`;

/** This tab's terminal: its own from before, else the last one that no other tab has, else a new one. */
export async function pickTerminal() {
  const own = sessionStorage.getItem(TAB_KEY);
  if (own) return own;
  const inUse = await heldLocks();
  const free = inUse && knownTerminals().find((id) => !inUse.has(lockOf(id)));
  return free || newTerminalId();
}

/** @param {string} deviceId */
const lockOf = (deviceId) => `${TAB_KEY}/${deviceId}`;

/** Undefined where pages cannot know: plain http on another machine has no locks. */
async function heldLocks() {
  const { held } = (await navigator.locks?.query()) ?? {};
  return held && new Set(held.map(({ name }) => name));
}
