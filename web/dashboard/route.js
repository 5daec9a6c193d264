/** Addresses of the views: `#/devices/7070714000`, `#/transactions?state=in_doubt`. */

/**
 * @typedef {object} Route
 * @property {string} view
 * @property {string} id
 * @property {URLSearchParams} query
 */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view, id = ""] = path.split("/", 2);
  return { view: view || "overview", id: decoded(id), query: new URLSearchParams(query) };
}

/**
 * @param {string} view
 * @param {string} [id]
 * @param {Record<string, string | number | boolean | undefined>} [query] what is empty is left out
 */
export function addressOf(view, id, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "" && value !== false);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${view === "overview" ? "" : view}${id ? `/${encodeURIComponent(id)}` : ""}${search ? `?${search}` : ""}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
