/** Random texts for ids and keys. `crypto.randomUUID` is missing on plain-http pages, so this does without it. */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // no i, l, o, u: nothing to misread

/**
 * @param {number} length 5 bits of chance a character
 * @returns {string}
 */
export function randomToken(length) {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}

/** A random UUID (version 4). */
export function randomUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
