/** Times to the millisecond, and spans of time, as people read them. */

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const toTheSecond = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/**
 * The time of day to the second, with the day if it was not today: for lists.
 *
 * @param {string} at
 */
export function listTime(at) {
  const then = new Date(at);
  const time = toTheSecond.format(then);
  return then.toDateString() === new Date().toDateString() ? time : `${day.format(then)}, ${time}`;
}

/** @param {string} at */
export const preciseTime = (at) => clock.format(new Date(at));

/** @type {[number, string][]} */
const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/**
 * A span such as `420 ms`, `3.42 s`, `2 min 5 s`, `3 d 4 h`.
 *
 * @param {number} milliseconds
 */
export function span(milliseconds) {
  const length = Math.max(0, Math.round(milliseconds));
  if (length < 1_000) return `${length} ms`;
  if (length < 60_000) return `${(length / 1_000).toFixed(length < 10_000 ? 2 : 1)} s`;
  const first = UNITS.findIndex(([size]) => length >= size);
  const [size, unit] = UNITS[first];
  const [smaller, smallerUnit] = UNITS[first + 1];
  const rest = Math.floor((length % size) / smaller);
  return `${Math.floor(length / size)} ${unit}${rest > 0 ? ` ${rest} ${smallerUnit}` : ""}`;
}

/**
 * How long ago, in one unit: for what is looked at in passing.
 *
 * @param {string} at
 * @param {number} now
 */
export function ago(at, now) {
  const length = now - Date.parse(at);
  if (length < 5_000) return "just now";
  const [size, unit] = UNITS.find(([each]) => length >= each) ?? UNITS[3];
  return `${Math.floor(length / size)} ${unit} ago`;
}
