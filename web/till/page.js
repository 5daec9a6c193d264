/** The till's page: puts the parts together, and shows the view that the address names. */

import "../view/theme-choice.js";
import "../view/link-badge.js";
import { find } from "../view/element.js";
import { Till } from "./till.js";
import "./history-view.js";
import "./notices.js";
import "./office-view.js";
import "./register-choice.js";
import "./sale-view.js";

/** @typedef {import("./part.js").Part} Part */

const till = new Till();
const views = ["sale", "history", "office"];

for (const name of ["till-registers", "till-notices", ...views.map((view) => `till-${view}`)]) {
  /** @type {Part} */ (find(document, name)).till = till;
}

const badge = /** @type {import("../view/link-badge.js").LinkBadge} */ (find(document, "link-badge"));
till.on("change", () => void (badge.status = till.station.client.status));

function showView() {
  const named = location.hash.slice(1);
  const wanted = views.includes(named) ? named : "sale";
  for (const view of views) {
    find(document, `till-${view}`).hidden = view !== wanted;
    const link = find(document, `.views a[href="#${view}"]`);
    if (view === wanted) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  till.emit("change", undefined);
}

window.addEventListener("hashchange", showView);
showView();
till.open();
