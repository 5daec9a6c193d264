/** The last minutes of the overview: one value a second of each series, as many as are plotted. */

/** @typedef {import("../sdk/dashboard-messages.js").Overview} Overview */

const REMEMBERED = 300;

/** @type {Record<string, (overview: Overview) => number>} */
const SERIES = {
  submitted: (overview) => overview.submitted_per_second,
  finished: (overview) => overview.finished_per_second,
  open: (overview) => openTransactions(overview),
  online: (overview) => onlineDevices(overview),
  connections: (overview) => overview.connections,
  write_queue: (overview) => overview.write_queue,
};

/** @param {Overview} overview */
export const openTransactions = ({ open_by_state }) => Object.values(open_by_state).reduce((sum, count) => sum + count, 0);

/** @param {Overview} overview */
export const onlineDevices = ({ devices, devices_by_state }) => devices - (devices_by_state.offline ?? 0);

export class Trend {
  /** @type {Map<string, number[]>} */
  #series = new Map(Object.keys(SERIES).map((name) => [name, []]));

  /** @param {Overview} overview */
  add(overview) {
    for (const [name, value] of Object.entries(SERIES)) {
      const values = /** @type {number[]} */ (this.#series.get(name));
      values.push(value(overview));
      if (values.length > REMEMBERED) values.shift();
    }
  }

  /**
   * Oldest first.
   *
   * @param {string} name
   */
  values(name) {
    return this.#series.get(name) ?? [];
  }
}
