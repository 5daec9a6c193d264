/** Pictures on the terminal's screen. */

import { qrModules } from "./qr.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {Record<string, string>} attributes
 * @param {string[]} paths
 */
function picture(attributes, paths) {
  const image = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries(attributes)) image.setAttribute(name, value);
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    image.append(path);
  }
  return image;
}

/** The waves of a contactless reader. */
export function contactless() {
  const waves = [6, 12, 18, 24].map((radius) => {
    const x = 6 + radius * 0.8;
    return `M${x} ${24 - radius * 0.7}a${radius} ${radius} 0 0 1 0 ${radius * 1.4}`;
  });
  return picture({ viewBox: "4 4 30 40", class: "contactless", "aria-hidden": "true" }, waves);
}

/**
 * @param {string} text at most 106 bytes
 * @param {string} label for those who do not see it
 */
export function qrCode(text, label) {
  const modules = qrModules(text);
  const size = modules.length + 8; // with the quiet zone
  const squares = modules.flatMap((line, y) => line.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")));
  return picture({ viewBox: `0 0 ${size} ${size}`, class: "qr", role: "img", "aria-label": label }, [squares.join("")]);
}
