/** A small plot without axes: how a number went in the last minutes. */

import { shape } from "./shape.js";

const WIDTH = 300;
const LEAST_SHOWN = 60; // so that the first values do not fill it
const HEIGHT = 40;
const TOP = 3;

export class Sparkline {
  #area = shape("path", { class: "area" });
  #line = shape("path", { class: "line" });
  /** Decoration: the number beside it says what it is now, and its description what it was. */
  element = shape(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    this.#area,
    this.#line,
  );

  /** @param {number[]} values oldest first, a second apart; the latest stands at the right */
  show(values) {
    const step = WIDTH / (Math.max(LEAST_SHOWN, values.length) - 1);
    const left = WIDTH - (values.length - 1) * step;
    const highest = Math.max(1, ...values);
    const points = values.map((value, index) => {
      const x = (left + index * step).toFixed(1);
      return `${x} ${(HEIGHT - 1 - (value / highest) * (HEIGHT - 1 - TOP)).toFixed(1)}`;
    });
    const line = points.length > 1 ? `M${points.join("L")}` : "";
    this.#line.setAttribute("d", line);
    this.#area.setAttribute("d", line && `${line}V${HEIGHT}H${left.toFixed(1)}z`);
  }
}
