// Addresses inside the console. Pure.

export const TITLES = { live: "Live calls", calls: "Past calls", call: "Call", tenants: "Tenants" };

/** The page and its arguments that an address names; live calls when it names none. */
export function place(hash) {
  const [name, ...rest] = hash.replace(/^#\//, "").split("/");
  try {
    return Object.hasOwn(TITLES, name) ? [name, rest.map(decodeURIComponent)] : ["live", []];
  } catch {
    return ["live", []]; // a broken escape
  }
}
