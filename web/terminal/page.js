/** The terminal's page: one terminal for this tab, its housing and its bench. */

import "../view/theme-choice.js";
import { find } from "../view/element.js";
import "./bench.js";
import { Firmware } from "./firmware.js";
import "./handset.js";
import { pickTerminal, take } from "./shelf.js";

/** @typedef {import("./part.js").Part} Part */

const deviceId = await pickTerminal();
take(deviceId);
document.title = `${deviceId} · Terminal · SmartConnect Hub`;
const firmware = new Firmware(deviceId);
for (const name of ["terminal-handset", "terminal-bench"])
  /** @type {Part} */ (find(document, name)).firmware = firmware;
firmware.resume();

// The start page's link: a terminal that nobody has used yet is ready to be paired, its code on the screen.
if (location.hash === "#pair") {
  history.replaceState(null, "", location.pathname);
  firmware.invite();
}
