/** A new credential, shown once. */

import { build, fill, write } from "../view/element.js";
import { shown } from "./modal.js";

/**
 * @param {import("../sdk/dashboard-messages.js").Credential} given
 */
export function showCredential({ device_id, credential }) {
  const secret = build("input", { id: "credential", class: "mono", readonly: true, value: credential, onfocus: () => secret.select() });
  const copied = build("p", { class: "small soft", role: "status" });
  const copy = build("button", { type: "button", class: "button primary", autofocus: true, onclick: () => void take() }, "Copy");
  const dialog = build("dialog", { "aria-labelledby": "credential-title" });

  async function take() {
    secret.select();
    try {
      await navigator.clipboard.writeText(credential);
      write(copied, "Copied.");
    } catch {
      // Pages without https may not write to the clipboard; the text is selected.
      write(copied, "It is selected: copy it with the keyboard.");
    }
  }

  fill(
    dialog,
    build(
      "div",
      { class: "stack wide" },
      build("h2", { id: "credential-title" }, `Credential of ${device_id}`),
      build("p", { class: "soft" }, "Give it to the device now. The hub keeps only a hash, so it cannot be shown again."),
      build("div", { class: "field" }, build("label", { for: "credential" }, "Credential"), secret),
      copied,
      build("div", { class: "row" }, copy, build("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Done")),
    ),
  );
  return shown(dialog);
}
