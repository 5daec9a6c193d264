/** `<dashboard-tables>`: the state tables that the server runs, with nothing selected. */

import { build, fill } from "../view/element.js";
import { card } from "./badge.js";
import "./diagram.js";
import { View } from "./view.js";
import { plain } from "./words.js";

class TablesView extends View {
  get heading() {
    return "State tables";
  }

  get isLive() {
    return false;
  }

  /** @param {HTMLElement} body */
  draw(body) {
    const cards = this.desk.tables.map((table) => {
      const diagram = /** @type {import("./diagram.js").StateDiagram} */ (document.createElement("state-diagram"));
      diagram.table = table;
      return card(plain(table.name), diagram);
    });
    fill(body, build("p", { class: "soft" }, "Drawn from the tables that this hub runs. Open a device, a transaction, a pairing or a code to see where it stands, and the way it went."), ...cards);
  }
}

customElements.define("dashboard-tables", TablesView);
