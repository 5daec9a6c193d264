/** The dashboard's page: lets the operator in, and shows the views while the hub lets them. */

import "../view/link-badge.js";
import "../view/theme-choice.js";
import { Slot } from "../sdk/index.js";
import { build, fill, find, write } from "../view/element.js";
import { refusalText } from "../view/wording.js";
import { Desk } from "./desk.js";
import { Outlet } from "./outlet.js";
import "./sign-in.js";

/** @typedef {import("../sdk/reconnect.js").LinkStatus} LinkStatus */

const UNAUTHORISED = 4501;

const kept = new Slot(sessionStorage, "smartconnect.dashboard", () => ({ token: "" }));
const badge = /** @type {import("../view/link-badge.js").LinkBadge} */ (find(document, "link-badge"));
const signIn = /** @type {import("./sign-in.js").SignIn} */ (find(document, "dashboard-sign-in"));
const signOut = find(document, "#sign-out");
const navigation = find(document, ".views");
const title = find(document, "#title");
const lost = find(document, "#lost");
const count = find(document, "#attention-count");

/** @type {Desk | null} */
let desk = null;
/** @type {Outlet | null} */
let outlet = null;

/** @param {string} token */
function enter(token) {
  const mine = new Desk(token);
  desk = mine;
  badge.hidden = false;
  mine.on("status", (status) => desk === mine && follow(mine, token, status));
  mine.on("overview", ({ attention, devices_by_state }) => {
    const all = attention + (devices_by_state.stalled ?? 0);
    count.hidden = all === 0;
    if (count.dataset.count === String(all)) return;
    count.dataset.count = String(all);
    fill(count, String(all), build("span", { class: "unseen" }, all === 1 ? " needs a person" : " need a person"));
  });
  mine.client.open();
}

/**
 * @param {Desk} mine
 * @param {string} token
 * @param {LinkStatus} status
 */
function follow(mine, token, status) {
  badge.status = status;
  if (status.phase === "refused") {
    leave(status.error?.code === "unauthorised" || status.code === UNAUTHORISED ? "The hub does not accept this token." : refusalText(status));
    return;
  }
  lost.hidden = status.phase !== "waiting" && (status.phase === "online" || lost.hidden);
  write(lost, mine.isKnown ? "The hub cannot be reached. What is shown may be out of date; it goes on by itself." : "The hub cannot be reached. It is tried again by itself.");
  if (status.phase !== "online" || outlet) return;
  keep(token);
  signIn.clear();
  signIn.hidden = true;
  navigation.hidden = false;
  signOut.hidden = false;
  outlet = new Outlet(mine);
}

/** @param {string} token */
function keep(token) {
  try {
    kept.write({ token });
  } catch {
    // Where nothing can be stored, a reload asks for it again.
  }
}

/** @param {string} problem why, or nothing if the person wished it */
function leave(problem) {
  const mine = desk;
  desk = null;
  mine?.client.close();
  outlet?.close();
  outlet = null;
  kept.clear();
  navigation.hidden = true;
  signOut.hidden = true;
  lost.hidden = true;
  badge.hidden = true;
  count.hidden = true;
  signIn.hidden = false;
  write(title, "Dashboard");
  document.title = "Dashboard · SmartConnect Hub";
  fill(find(document, "#back"));
  signIn.ask(problem);
}

signIn.entered = (/** @type {string} */ given) => {
  signIn.wait();
  enter(given);
};
signOut.addEventListener("click", () => leave(""));
const { token } = kept.read();
if (token) enter(token);
else leave("");
