/** The path that something walked through its table, found out from what happened to it. */

/**
 * @typedef {import("../sdk/dashboard-messages.js").StateTable} StateTable
 * @typedef {import("../sdk/dashboard-messages.js").TableRow} TableRow
 * @typedef {{ what: string, state: string }} Happened
 *
 * @typedef {object} Walk
 * @property {string} present
 * @property {TableRow[]} steps in order
 * @property {Set<string>} visited
 */

/**
 * Follow the triggers through the table; what is no trigger is a note on the way. The first that is known may be in
 * the middle of the path: the hub remembers the latest only.
 *
 * @param {StateTable} table
 * @param {Happened[]} happened oldest first
 * @param {string} [present] what the record says now, if it is known
 * @returns {Walk}
 */
export function walk(table, happened, present) {
  const steps = [];
  const visited = new Set();
  let state = "";
  for (const { what, state: after } of happened) {
    const row = table.rows.find(({ trigger, source, target }) => trigger === what && (state ? source === state : target === after));
    if (row && state) steps.push(row);
    if (row) state = row.target;
    // A note may bring a state that no known trigger explains: the walk goes on from there.
    else if (table.states.includes(after)) state = after;
    visited.add(state);
  }
  const now = present ?? (state || table.initial);
  visited.add(now);
  return { present: now, steps, visited };
}

/**
 * The walk in words, for who does not see the drawing.
 *
 * @param {StateTable} table
 * @param {Walk | null} walked
 */
export function inWords(table, walked) {
  const ends = table.final.length > 0 ? ` Ends: ${table.final.join(", ")}.` : "";
  if (!walked) return `It begins ${table.initial}.${ends}`;
  const way = walked.steps.map(({ trigger, target }) => `${trigger} to ${target}`);
  const begun = walked.steps[0]?.source;
  return `It is ${walked.present} now.${begun ? ` The way: ${[begun, ...way].join(", ")}.` : ""}`;
}
