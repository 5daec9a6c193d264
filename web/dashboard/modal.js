/** A dialog that holds the page until it is closed. */

/**
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<void>}
 */
export function shown(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve();
    });
  });
}
