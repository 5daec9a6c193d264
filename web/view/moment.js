/** Times as people read them, in their own zone. */

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** @param {Date | string | number} at */
export const clockTime = (at) => time.format(new Date(at));

/** @param {Date | string | number} at */
export const exactTime = (at) => exact.format(new Date(at));

/** @param {Date | string | number} at */
export const dateAndTime = (at) => whole.format(new Date(at));

/**
 * The time of day, with the day if it was not today.
 *
 * @param {string} at
 */
export function when(at) {
  const then = new Date(at);
  return then.toDateString() === new Date().toDateString()
    ? time.format(then)
    : `${day.format(then)}, ${time.format(then)}`;
}

/**
 * Minutes and seconds, such as `1:05`.
 *
 * @param {number} seconds
 */
export function countdown(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
