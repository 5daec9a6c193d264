/**
 * QR codes, as much as a terminal's screen needs: bytes, error correction L, versions 1 to 5 (one block).
 *
 * Source: ISO/IEC 18004. The mask is always number 0: readers take any, only the prettiest is not searched for.
 */

const DATA = [19, 34, 55, 80, 108]; // codewords by version
const CORRECTION = [7, 10, 15, 20, 26];

/**
 * Multiplication in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1.
 *
 * @param {number} a
 * @param {number} b
 */
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    if ((b >>> bit) & 1) product ^= a;
  }
  return product;
}

/** @param {number} degree */
function generator(degree) {
  /** @type {number[]} */
  let polynomial = [1];
  let root = 1;
  for (let power = 0; power < degree; power++) {
    const raised = [...polynomial, 0];
    for (let i = 0; i < polynomial.length; i++) raised[i + 1] ^= times(polynomial[i], root);
    polynomial = raised;
    root = times(root, 2);
  }
  return polynomial.slice(1);
}

/**
 * @param {number[]} codewords
 * @param {number} degree
 */
function correction(codewords, degree) {
  const divisor = generator(degree);
  /** @type {number[]} */
  let rest = new Array(degree).fill(0);
  for (const codeword of codewords) {
    const factor = codeword ^ rest[0];
    rest = [...rest.slice(1), 0].map((value, i) => value ^ times(divisor[i], factor));
  }
  return rest;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} capacity in codewords
 */
function codewordsOf(bytes, capacity) {
  let bits = "0100" + bytes.length.toString(2).padStart(8, "0");
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  bits += "0000".slice(0, Math.max(0, capacity * 8 - bits.length));
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const codewords = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  for (let pad = 0xec; codewords.length < capacity; pad ^= 0xec ^ 0x11) codewords.push(pad);
  return codewords;
}

/**
 * The patterns that every code has; undefined modules are left for the data.
 *
 * @param {number} version
 */
function frame(version) {
  const size = 17 + 4 * version;
  /** @type {(boolean | undefined)[][]} */
  const modules = Array.from({ length: size }, () => new Array(size).fill(undefined));
  /**
   * @param {number} row
   * @param {number} column
   * @param {number} radius
   * @param {(ring: number) => boolean} dark
   */
  const rings = (row, column, radius, dark) => {
    for (let y = -radius; y <= radius; y++) {
      for (let x = -radius; x <= radius; x++) {
        const line = modules[row + y];
        if (line && column + x >= 0 && column + x < size) line[column + x] = dark(Math.max(Math.abs(x), Math.abs(y)));
      }
    }
  };
  for (let i = 0; i < size; i++) modules[6][i] = modules[i][6] = i % 2 === 0;
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ])
    rings(row, column, 4, (ring) => ring !== 2 && ring !== 4);
  if (version > 1) rings(size - 7, size - 7, 2, (ring) => ring !== 1);
  drawFormat(modules, size);
  return modules;
}

/**
 * Error correction L and mask 0, with their own check bits.
 *
 * @param {(boolean | undefined)[][]} modules
 * @param {number} size
 */
function drawFormat(modules, size) {
  const information = 0b01000;
  let rest = information;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
  const bits = ((information << 10) | rest) ^ 0x5412;
  const bit = (/** @type {number} */ i) => ((bits >>> i) & 1) === 1;
  for (let i = 0; i < 8; i++) {
    modules[i < 6 ? i : i + 1][8] = bit(i);
    modules[8][size - 1 - i] = bit(i);
  }
  for (let i = 8; i < 15; i++) {
    modules[8][i === 8 ? 7 : 14 - i] = bit(i);
    modules[size - 15 + i][8] = bit(i);
  }
  modules[size - 8][8] = true;
}

/**
 * The modules of a code, dark ones true.
 *
 * @param {string} text at most 106 bytes
 * @returns {boolean[][]}
 */
export function qrModules(text) {
  const bytes = new TextEncoder().encode(text);
  const index = DATA.findIndex((capacity) => bytes.length + 2 <= capacity);
  if (index < 0) throw new RangeError("Too long for a QR code of this size.");
  const modules = frame(index + 1);
  const size = modules.length;
  const codewords = codewordsOf(bytes, DATA[index]);
  const all = [...codewords, ...correction(codewords, CORRECTION[index])];
  let next = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5; // the column of the timing pattern
    const upwards = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step++) {
      const row = upwards ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (modules[row][column] !== undefined) continue;
        const dark = ((all[next >>> 3] ?? 0) >>> (7 - (next & 7))) & 1;
        modules[row][column] = (dark === 1) !== ((row + column) % 2 === 0);
        next++;
      }
    }
  }
  return /** @type {boolean[][]} */ (modules);
}
