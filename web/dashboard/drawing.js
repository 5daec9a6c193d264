/** Drawing a state table as SVG: states as boxes, gates as their labels, steps as curves with an arrow at the end. */

import { gatesOf } from "./gates.js";
import { layered } from "./layers.js";
import { ranksOf } from "./ranks.js";
import { shape } from "./shape.js";

/**
 * @typedef {import("../sdk/dashboard-messages.js").StateTable} StateTable
 * @typedef {import("./gates.js").Gate} Gate
 * @typedef {import("./layers.js").Box} Box
 * @typedef {import("./layers.js").Point} Point
 * @typedef {{ from: string, to: string, steps: string[], arrow: boolean, label: string }} Stroke
 */

const STATE_HEIGHT = 34;
const LABEL_LINE = 15;
const LOOP_ROOM = 40;
const MARGIN = 8;
const ENTRY = 26; // room for the dot from which the initial state is entered
const PORT_GAP = 7;
const DOT = 8;

const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

/** @param {string} text */
function widthOf(text) {
  pen.font = '500 12px ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "Liberation Mono", monospace';
  return Math.ceil(pen.measureText(text).width);
}

/**
 * @param {StateTable} table
 * @returns {SVGElement}
 */
export function drawing(table) {
  const all = gatesOf(table);
  const gates = all.filter((gate) => !isLoop(gate));
  const loops = all.filter(isLoop);
  const boxes = boxesOf(table, gates, loops);
  const strokes = gates.flatMap(strokesOf);
  const { width, height, at, routes } = layered(boxes, strokes);
  const sizes = new Map(boxes.map((box) => [box.id, box]));
  const ports = portsOf(strokes, sizes, at, routes);
  const centre = (/** @type {string} */ id) => /** @type {Point} */ (at.get(id));
  const full = { width: width + 2 * MARGIN + ENTRY, height: height + 2 * MARGIN };
  const svg = shape("svg", { viewBox: `${-MARGIN - ENTRY} ${-MARGIN} ${full.width} ${full.height}`, class: "diagram" });
  svg.style.width = `${full.width}px`;
  svg.style.minWidth = `${Math.round(full.width * 0.8)}px`;
  svg.append(
    entry(centre(table.initial), /** @type {Box} */ (sizes.get(table.initial))),
    ...strokes.map((stroke) => curve(stroke, ports, routes.get(stroke) ?? [])),
    ...gates.map((gate) => gateMark(gate, centre(gate.key))),
    ...loops.map((gate) => loop(gate, centre(gate.targets[0]))),
    ...table.states.map((state) => stateMark(state, table.final.includes(state), centre(state))),
  );
  return svg;
}

/** @param {Gate} gate */
const isLoop = ({ sources, targets }) => sources.length === 1 && targets.length === 1 && sources[0] === targets[0];

/** @param {Gate} gate */
const linesOf = (gate) => [...gate.labels, ...(gate.from ? [gate.from] : [])];

/**
 * A gate without a label of its own.
 *
 * @param {Box} box
 */
const isDot = ({ rank, height }) => rank % 2 === 1 && height === DOT;

/** @param {string} state */
const stateWidth = (state) => widthOf(state) + 22;

/**
 * @param {StateTable} table
 * @param {Gate[]} gates
 * @param {Gate[]} loops
 * @returns {Box[]}
 */
function boxesOf(table, gates, loops) {
  const ranks = ranksOf(table);
  const rank = (/** @type {string} */ state) => 2 * (ranks.get(state) ?? 0);
  const states = table.states.map((state) => {
    const room = loops.some(({ sources }) => sources[0] === state) ? 2 * LOOP_ROOM : 0;
    return { id: state, rank: rank(state), width: stateWidth(state), height: STATE_HEIGHT + room };
  });
  const between = gates.map((gate) => {
    const targets = gate.targets.map(rank);
    const leadsOn = gate.sources.some((source) => rank(source) < Math.min(...targets));
    const lines = linesOf(gate);
    const branches = Math.max(0, ...[...gate.branches.values()].map(widthOf));
    return {
      id: gate.key,
      rank: leadsOn ? Math.min(...targets) - 1 : Math.max(...targets) + 1,
      width: Math.max(branches * 2 + 16, ...lines.map((line) => widthOf(line) + 10)),
      height: lines.length > 0 ? lines.length * LABEL_LINE + 4 : DOT,
    };
  });
  return [...states, ...between];
}

/**
 * @param {Gate} gate
 * @returns {Stroke[]}
 */
function strokesOf(gate) {
  const steps = (/** @type {(row: import("./gates.js").TableRow) => boolean} */ which) =>
    gate.rows.filter(which).map(({ source, trigger }) => `${source} ${trigger}`);
  const into = gate.from
    ? []
    : gate.sources.map((source) => ({ from: source, to: gate.key, steps: steps((row) => row.source === source), arrow: false, label: "" }));
  const out = gate.targets.map((target) => ({
    from: gate.key,
    to: target,
    steps: steps((row) => row.target === target),
    arrow: true,
    label: gate.branches.get(target) ?? "",
  }));
  return [...into, ...out];
}

/**
 * Where each line leaves and enters its boxes: side by side, in the order in which they go on.
 *
 * @param {Stroke[]} strokes
 * @param {Map<string, Box>} sizes
 * @param {Map<string, Point>} at
 * @param {Map<object, Point[]>} routes
 */
function portsOf(strokes, sizes, at, routes) {
  /** @type {Map<Stroke, { start: Point, end: Point }>} */
  const ports = new Map(strokes.map((stroke) => [stroke, { start: { x: 0, y: 0 }, end: { x: 0, y: 0 } }]));
  /** @type {Map<string, { port: Point, next: Point, group: string }[]>} */
  const sides = new Map();
  for (const stroke of strokes) {
    const way = [at.get(stroke.from), ...(routes.get(stroke) ?? []), at.get(stroke.to)].map((point) => /** @type {Point} */ (point));
    const { start, end } = /** @type {{ start: Point, end: Point }} */ (ports.get(stroke));
    for (const [id, port, next, end_] of /** @type {[string, Point, Point, string][]} */ ([[stroke.from, start, way[1], "out"], [stroke.to, end, way[way.length - 2], "in"]])) {
      const box = /** @type {Box} */ (sizes.get(id));
      const centre = /** @type {Point} */ (at.get(id));
      const side = next.x < centre.x ? -1 : 1;
      Object.assign(port, { x: centre.x + (isDot(box) ? 0 : (side * box.width) / 2), y: centre.y });
      const key = `${id} ${side}`;
      // At a gate, what comes in is one bundle, and what goes out another.
      const group = box.rank % 2 ? end_ : String(sides.get(key)?.length ?? 0);
      sides.set(key, [...(sides.get(key) ?? []), { port, next, group }]);
    }
  }
  for (const ends of sides.values()) {
    ends.sort((one, other) => one.next.y - other.next.y);
    const groups = [...new Set(ends.map(({ group }) => group))];
    const gap = Math.min(PORT_GAP, (STATE_HEIGHT - 12) / groups.length);
    for (const { port, group } of ends) port.y += (groups.indexOf(group) - (groups.length - 1) / 2) * gap;
  }
  return ports;
}

/**
 * @param {Stroke} stroke
 * @param {Map<Stroke, { start: Point, end: Point }>} ports
 * @param {Point[]} through
 */
function curve(stroke, ports, through) {
  const { start, end } = /** @type {{ start: Point, end: Point }} */ (ports.get(stroke));
  // A label stands on a level piece of its line.
  const level = stroke.label ? [{ x: end.x - widthOf(stroke.label) - 24, y: end.y }] : [];
  const points = [start, ...through, ...level, end];
  const before = points[points.length - 2];
  const heading = before.x < end.x ? 1 : -1;
  const tip = stroke.arrow ? { x: end.x - heading * 6, y: end.y } : end;
  const path = [...points.slice(0, -1), tip].map(({ x, y }, index, way) => {
    if (index === 0) return `M${x} ${y}`;
    const { x: fromX, y: fromY } = way[index - 1];
    return fromY === y ? `L${x} ${y}` : `C${(fromX + x) / 2} ${fromY} ${(fromX + x) / 2} ${y} ${x} ${y}`;
  });
  const group = shape("g", { class: "step", "data-steps": JSON.stringify(stroke.steps) }, shape("path", { d: path.join(""), class: "way" }));
  if (stroke.arrow) group.append(shape("path", { d: `M${end.x} ${end.y}l${-heading * 8} -4v8z`, class: "arrow" }));
  if (stroke.label) group.append(text(stroke.label, end.x - heading * 12, end.y - 5, heading > 0 ? "end" : "start"));
  return group;
}

/**
 * @param {Gate} gate
 * @param {Point} centre
 */
function gateMark(gate, centre) {
  const lines = linesOf(gate);
  const group = shape("g", { class: "step gate", "data-steps": JSON.stringify(gate.rows.map(({ source, trigger }) => `${source} ${trigger}`)) });
  if (lines.length === 0) return shape("g", { class: "step gate" }, shape("circle", { cx: centre.x, cy: centre.y, r: 2.5, class: "arrow" }));
  const top = centre.y - ((lines.length - 1) * LABEL_LINE) / 2;
  lines.forEach((line, index) => {
    const words = text(line, centre.x, top + index * LABEL_LINE + 4, "middle");
    if (line === gate.from) words.classList.add("from");
    group.append(words);
  });
  return group;
}

/**
 * @param {Gate} gate
 * @param {Point} centre
 */
function loop(gate, { x, y }) {
  const top = y - STATE_HEIGHT / 2;
  return shape(
    "g",
    { class: "step", "data-steps": JSON.stringify(gate.rows.map(({ source, trigger }) => `${source} ${trigger}`)) },
    shape("path", { d: `M${x + 16} ${top}C${x + 16} ${top - 30} ${x - 16} ${top - 30} ${x - 16} ${top - 6}`, class: "way" }),
    shape("path", { d: `M${x - 16} ${top}l-4 -8h8z`, class: "arrow" }),
    text(gate.labels.join(", "), x, top - 28, "middle"),
  );
}

/**
 * @param {string} state
 * @param {boolean} final
 * @param {Point} centre
 */
function stateMark(state, final, { x, y }) {
  const width = stateWidth(state);
  const box = (/** @type {number} */ inset, /** @type {string} */ name) =>
    shape("rect", {
      x: x - width / 2 + inset,
      y: y - STATE_HEIGHT / 2 + inset,
      width: width - 2 * inset,
      height: STATE_HEIGHT - 2 * inset,
      rx: 10 - inset,
      class: name,
    });
  const group = shape("g", { class: "state", "data-state": state }, box(0, "outer"));
  if (final) group.append(box(3, "inner"));
  group.append(text(state, x, y + 4, "middle"));
  return group;
}

/**
 * @param {Point} centre
 * @param {Box} box
 */
function entry(centre, box) {
  const end = centre.x - box.width / 2;
  return shape(
    "g",
    { class: "step" },
    shape("circle", { cx: end - ENTRY + 4, cy: centre.y, r: 4, class: "arrow" }),
    shape("path", { d: `M${end - ENTRY + 4} ${centre.y}H${end - 6}`, class: "way" }),
    shape("path", { d: `M${end} ${centre.y}l-8 -4v8z`, class: "arrow" }),
  );
}

/**
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {string} anchor
 */
const text = (words, x, y, anchor) => shape("text", { x, y, "text-anchor": anchor }, words);
