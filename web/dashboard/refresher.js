/** Loading again, but not too often: however many reasons there are, one load runs at a time, and then there is a rest. */

/** The rest is so many times longer than the load took: what is heavy for the hub is asked for more seldom. */
const LOADS_A_REST = 10;
/** But a load may have taken long because the machine slept meanwhile. */
const LONGEST_REST_MS = 10_000;

export class Refresher {
  #load;
  #restMs;
  #running = false;
  #asked = false;
  #stopped = false;
  #wake = () => {};

  /**
   * @param {() => Promise<void>} load must not throw
   * @param {number} restMs
   */
  constructor(load, restMs) {
    this.#load = load;
    this.#restMs = restMs;
  }

  /** Load as soon as the load under way has ended and rested. */
  ask() {
    this.#asked = true;
    if (!this.#running && !this.#stopped) void this.#run();
  }

  /** Load without a rest: a person waits for it. */
  hurry() {
    this.ask();
    this.#wake();
  }

  stop() {
    this.#stopped = true;
    this.#wake();
  }

  async #run() {
    this.#running = true;
    while (this.#asked && !this.#stopped) {
      this.#asked = false;
      const begun = performance.now();
      await this.#load();
      const heavy = Math.min(LOADS_A_REST * (performance.now() - begun), LONGEST_REST_MS);
      await this.#rest(Math.max(this.#restMs, heavy));
    }
    this.#running = false;
  }

  /** @param {number} milliseconds */
  #rest(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }
}
