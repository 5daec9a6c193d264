/** In which column a state stands: as far from the beginning as the way to it is long, ends last. */

/**
 * @param {import("../sdk/dashboard-messages.js").StateTable} table
 * @returns {Map<string, number>}
 */
export function ranksOf(table) {
  const forward = forwardSteps(table);
  /** @type {Map<string, number>} */
  const ranks = new Map(table.states.map((state) => [state, 0]));
  // As many rounds as there are states: without the steps back there is no circle.
  for (let round = 0; round < table.states.length; round++) {
    for (const [source, target] of forward) {
      ranks.set(target, Math.max(ranks.get(target) ?? 0, (ranks.get(source) ?? 0) + 1));
    }
  }
  const last = Math.max(...ranks.values());
  for (const state of table.final) ranks.set(state, last);
  return ranks;
}

/**
 * The steps that lead on, found by walking the table in its own order: a step to where the walk came from leads back.
 *
 * @param {import("../sdk/dashboard-messages.js").StateTable} table
 */
function forwardSteps(table) {
  /** @type {[string, string][]} */
  const forward = [];
  const seen = new Set();
  const above = new Set();
  const visit = (/** @type {string} */ state) => {
    seen.add(state);
    above.add(state);
    for (const { source, target } of table.rows) {
      if (source !== state || above.has(target)) continue;
      forward.push([source, target]);
      if (!seen.has(target)) visit(target);
    }
    above.delete(state);
  };
  for (const state of [table.initial, ...table.states]) if (!seen.has(state)) visit(state);
  return forward;
}
