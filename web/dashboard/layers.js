/**
 * A small layered layout (after Sugiyama): boxes in columns from left to right, lines that run between the boxes of a
 * column and never through one, few crossings, straight where they can be.
 *
 * It knows boxes and lines only. The same input gives the same drawing.
 */

/**
 * @typedef {{ id: string, rank: number, width: number, height: number }} Box
 * @typedef {{ from: string, to: string }} Line
 * @typedef {{ x: number, y: number }} Point
 *
 * @typedef {object} Layout
 * @property {number} width
 * @property {number} height
 * @property {Map<string, Point>} at centres of the boxes
 * @property {Map<Line, Point[]>} routes the points that a line passes on its way, without its ends
 *
 * A place in a column: a box, or a line on its way through.
 * @typedef {{ id: string, height: number, y: number, left: Place[], right: Place[], box?: Box, thread?: Thread }} Place
 *
 * All places of a line on its way, and the boxes at its ends.
 * @typedef {{ places: Place[], ends: Place[] }} Thread
 */

const COLUMN_GAP = 26;
const BOX_GAP = 16;
const LINE_GAP = 9;
const LINE_HEIGHT = 4;
const SHUFFLES = 40;
const SWEEPS = 8;
const STRAIGHTENINGS = 240;

/**
 * @param {Box[]} boxes
 * @param {Line[]} lines each between boxes of different ranks
 * @returns {Layout}
 */
export function layered(boxes, lines) {
  const columns = /** @type {Place[][]} */ (Array.from({ length: Math.max(...boxes.map(({ rank }) => rank)) + 1 }, () => []));
  const places = new Map(boxes.map((box) => [box.id, { place: placed(columns, box), rank: box.rank }]));
  /** @type {Map<Line, Place[]>} */
  const passed = new Map(lines.map((line) => [line, thread(columns, places, line)]));
  arrange(columns);
  settle(columns);
  return measure(boxes, columns, places, passed);
}

/**
 * @param {Place[][]} columns
 * @param {Box} box
 */
function placed(columns, box) {
  /** @type {Place} */
  const place = { id: box.id, height: box.height, y: 0, left: [], right: [], box };
  columns[box.rank].push(place);
  return place;
}

/**
 * Lead a line through the columns between its ends.
 *
 * @param {Place[][]} columns
 * @param {Map<string, { place: Place, rank: number }>} places
 * @param {Line} line
 */
function thread(columns, places, line) {
  const [from, to] = [line.from, line.to].map((id) => /** @type {{ place: Place, rank: number }} */ (places.get(id)));
  const [first, last] = from.rank < to.rank ? [from, to] : [to, from];
  /** @type {Place[]} */
  const passed = [];
  const whole = { places: passed, ends: [first.place, last.place] };
  let before = first.place;
  for (let rank = first.rank + 1; rank <= last.rank; rank++) {
    /** @type {Place} */
    const passing = { id: "", height: LINE_HEIGHT, y: 0, left: [], right: [], thread: whole };
    const next = rank === last.rank ? last.place : passing;
    if (next === passing) {
      columns[rank].push(next);
      passed.push(next);
    }
    before.right.push(next);
    next.left.push(before);
    before = next;
  }
  return first === from ? passed : [...passed].reverse();
}

/**
 * Find an order within the columns with few crossings: sweeps to the mean of the neighbours, from several beginnings.
 *
 * @param {Place[][]} columns
 */
function arrange(columns) {
  let best = columns.map((column) => [...column]);
  let fewest = Infinity;
  const chance = fixedChance();
  for (let shuffle = 0; shuffle < SHUFFLES && fewest > 0; shuffle++) {
    if (shuffle > 0) for (const column of columns) column.sort(() => chance() - 0.5);
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const leftwards = sweep % 2 === 1;
      for (const column of leftwards ? [...columns].reverse() : columns) order(columns, column, leftwards ? "right" : "left");
      const crossings = cost(columns);
      if (crossings < fewest) [fewest, best] = [crossings, columns.map((each) => [...each])];
    }
  }
  columns.forEach((column, rank) => column.splice(0, column.length, ...best[rank]));
}

/**
 * @param {Place[][]} columns
 * @param {Place[]} column
 * @param {"left" | "right"} side
 */
function order(columns, column, side) {
  const index = new Map(columns.flatMap((each) => each.map((place, position) => [place, (position + 0.5) / each.length])));
  const mean = (/** @type {Place} */ place) =>
    place[side].length === 0 ? index.get(place) ?? 0 : average(place[side].map((next) => index.get(next) ?? 0));
  const wished = new Map(column.map((place) => [place, mean(place)]));
  column.sort((one, other) => (wished.get(one) ?? 0) - (wished.get(other) ?? 0));
}

/**
 * Crossings, and a little for each place that a line is led away from where it came.
 *
 * @param {Place[][]} columns
 */
function cost(columns) {
  let sum = 0;
  for (let rank = 1; rank < columns.length; rank++) {
    const index = new Map(columns[rank - 1].map((place, position) => [place, position]));
    const ends = columns[rank].flatMap((place, to) => place.left.map((from) => ({ from: index.get(from) ?? 0, to })));
    for (const one of ends) {
      for (const other of ends) if (one.from < other.from && one.to > other.to) sum++;
      const [before, here] = [columns[rank - 1].length, columns[rank].length];
      sum += 0.1 * Math.abs((one.from + 0.5) / before - (one.to + 0.5) / here);
    }
  }
  return sum;
}

/**
 * Heights: each place as near to its neighbours as the order and the gaps allow.
 *
 * @param {Place[][]} columns
 */
function settle(columns) {
  for (const column of columns) stack(column, column.map(() => 0));
  for (let turn = 0; turn < STRAIGHTENINGS; turn++) {
    for (const column of turn % 2 ? [...columns].reverse() : columns) {
      stack(column, column.map((place) => wish(place)));
    }
  }
}

/** @param {Place} place */
function wish(place) {
  if (place.thread) {
    // A line that is straight on its way bends at its ends only.
    const { places, ends } = place.thread;
    return 0.97 * average(places.map(({ y }) => y)) + 0.03 * average(ends.map(({ y }) => y));
  }
  const near = [...place.left, ...place.right];
  return near.length === 0 ? place.y : average(near.map(({ y }) => y));
}

/**
 * The nearest heights to those wished for that keep order and gaps (isotonic regression: neighbours that get in each
 * other's way become a block at their mean).
 *
 * @param {Place[]} column
 * @param {number[]} wishes
 */
function stack(column, wishes) {
  let offset = 0;
  const offsets = column.map((place, position) => {
    if (position > 0) {
      const above = column[position - 1];
      offset += (above.height + place.height) / 2 + (above.box && place.box ? BOX_GAP : LINE_GAP);
    }
    return offset;
  });
  /** @type {{ sum: number, count: number }[]} */
  const blocks = [];
  wishes.forEach((wished, position) => {
    blocks.push({ sum: wished - offsets[position], count: 1 });
    while (blocks.length > 1 && mid(blocks[blocks.length - 2]) > mid(blocks[blocks.length - 1])) {
      const { sum, count } = /** @type {{ sum: number, count: number }} */ (blocks.pop());
      blocks[blocks.length - 1].sum += sum;
      blocks[blocks.length - 1].count += count;
    }
  });
  let position = 0;
  for (const block of blocks) {
    for (let left = block.count; left > 0; left--, position++) column[position].y = mid(block) + offsets[position];
  }
}

/**
 * @param {Box[]} boxes
 * @param {Place[][]} columns
 * @param {Map<string, { place: Place, rank: number }>} places
 * @param {Map<Line, Place[]>} passed
 * @returns {Layout}
 */
function measure(boxes, columns, places, passed) {
  const widths = columns.map((column) => Math.max(8, ...column.map(({ box }) => box?.width ?? 0)));
  const top = Math.min(...columns.flat().map(({ y, height }) => y - height / 2));
  const bottom = Math.max(...columns.flat().map(({ y, height }) => y + height / 2));
  /** @type {number[]} */
  const lefts = [];
  let x = 0;
  for (const width of widths) {
    lefts.push(x);
    x += width + COLUMN_GAP;
  }
  const rankOf = new Map(columns.flatMap((column, rank) => column.map((place) => [place, rank])));
  const at = new Map();
  for (const { id, rank } of boxes) {
    at.set(id, { x: lefts[rank] + widths[rank] / 2, y: (places.get(id)?.place.y ?? 0) - top });
  }
  const routes = new Map();
  for (const [line, through] of passed) {
    const forward = (places.get(line.from)?.rank ?? 0) < (places.get(line.to)?.rank ?? 0);
    routes.set(
      line,
      through.flatMap((place) => {
        const rank = rankOf.get(place) ?? 0;
        const ends = [lefts[rank], lefts[rank] + widths[rank]];
        return (forward ? ends : ends.reverse()).map((end) => ({ x: end, y: place.y - top }));
      }),
    );
  }
  return { width: x - COLUMN_GAP, height: bottom - top, at, routes };
}

/** @param {{ sum: number, count: number }} block */
const mid = ({ sum, count }) => sum / count;

/** @param {number[]} numbers */
const average = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/** Numbers that look like chance and are the same each time (mulberry32). */
function fixedChance() {
  let state = 7;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
