/**
 * A state table as a graph that can be drawn without a tangle: each bundle of equal steps passes one gate.
 *
 * Steps with the same sources and the same targets share a gate, and with it their label: four states that can end in
 * five ways are nine lines, not twenty. A trigger that is legal (nearly) everywhere comes from nowhere in particular.
 */

/**
 * @typedef {import("../sdk/dashboard-messages.js").StateTable} StateTable
 * @typedef {import("../sdk/dashboard-messages.js").TableRow} TableRow
 *
 * @typedef {object} Gate
 * @property {string} key
 * @property {string[]} sources
 * @property {string[]} targets
 * @property {string[]} labels a line each
 * @property {Map<string, string>} branches what is written at the line to a target, where the label does not tell
 * @property {string} from instead of lines from its sources, the words for them
 * @property {TableRow[]} rows
 */

/** Fewer sources than these are drawn as lines, however small the table. */
const EVERYWHERE = 4;
const PREFIX = 4;

/**
 * @param {StateTable} table
 * @returns {Gate[]}
 */
export function gatesOf(table) {
  const steps = grouped(table.rows, ({ trigger, target }) => `${trigger}>${target}`);
  const bySources = grouped([...steps.values()], (rows) => key(rows.map(({ source }) => source)));
  const gates = [];
  for (const group of bySources.values()) {
    const rows = group.flat();
    const families = [...grouped(rows, ({ trigger }) => family(trigger, rows)).values()];
    for (const bundle of families.flatMap(byTarget)) gates.push(gate(table, bundle));
  }
  return gates;
}

/**
 * A fan of three targets or more is one bundle, if that saves lines or words; otherwise each target has its own.
 *
 * @param {TableRow[]} rows
 */
function byTarget(rows) {
  const targets = grouped(rows, ({ target }) => target);
  const saves = family(rows[0].trigger, rows) !== "" || unique(rows.map(({ source }) => source)).length > 1;
  return targets.size >= 3 && saves ? [rows] : [...targets.values()];
}

/**
 * Triggers such as `complete_approved` and `complete_declined` are one family, named by what they share.
 *
 * @param {string} trigger
 * @param {TableRow[]} rows
 */
function family(trigger, rows) {
  const found = rows.find((row) => row.trigger === trigger);
  return found && trigger.endsWith(`_${found.target}`) ? trigger.slice(0, -found.target.length) : "";
}

/**
 * @param {StateTable} table
 * @param {TableRow[]} rows
 * @returns {Gate}
 */
function gate(table, rows) {
  const sources = unique(rows.map(({ source }) => source));
  const targets = unique(rows.map(({ target }) => target));
  const triggers = unique(rows.map(({ trigger }) => trigger));
  const shared = targets.length > 1 ? family(triggers[0], rows) : "";
  const named = shared.length >= PREFIX && triggers.every((trigger) => family(trigger, rows) === shared);
  const branches = new Map();
  if (targets.length > 1 && !named) for (const row of rows) branches.set(row.target, row.trigger);
  const labels = named ? [`${shared}*`] : targets.length > 1 ? [] : triggers;
  return { key: `${triggers.join("+")}>${targets.join("+")}`, sources, targets, labels, branches, from: everywhere(table, sources, targets), rows };
}

/**
 * @param {StateTable} table
 * @param {string[]} sources
 * @param {string[]} targets
 */
function everywhere(table, sources, targets) {
  const open = table.states.filter((state) => !table.final.includes(state));
  if (targets.length > 1 || sources.length < EVERYWHERE) return "";
  if (sources.length === open.length) return "from any state";
  const others = open.filter((state) => state !== targets[0]);
  return sources.length === others.length && !sources.includes(targets[0]) ? "from any other" : "";
}

/** @param {string[]} names */
const unique = (names) => [...new Set(names)];

/** @param {string[]} names */
const key = (names) => unique(names).sort().join("+");

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => string} name
 * @returns {Map<string, Item[]>}
 */
function grouped(items, name) {
  /** @type {Map<string, Item[]>} */
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(name(item)) ?? [];
    groups.set(name(item), group);
    group.push(item);
  }
  return groups;
}
