// Tenants: who answers what, whether they are open, and why changed files were refused.

import { get } from "./api.js";
import { byId, element, say, show } from "./dom.js";
import { moment, money } from "./format.js";

const REFRESH_MS = 3000;

export class TenantsPage {
  async open() {
    this.shown = true;
    await this.load();
  }

  close() {
    this.shown = false;
    clearTimeout(this.timer);
  }

  async load() {
    try {
      const found = await get("/api/tenants");
      if (!this.shown) return;
      this.show(found);
    } catch (error) {
      say(byId("tenants-status"), error.message);
    }
    if (this.shown) this.timer = setTimeout(() => this.load(), REFRESH_MS);
  }

  show({ tenants, refused, generation, draining }) {
    const state = draining ? "; the service is being stopped" : "";
    const many = tenants.length === 1 ? "One tenant" : `${tenants.length} tenants`;
    say(byId("tenants-status"), `${many}, generation ${generation}${state}.`);
    show(byId("refused-part"), refused.length > 0);
    const told = refused.join("\n");
    if (this.told !== told) {
      this.told = told; // only what is new is read out
      byId("refused").replaceChildren(...refused.map((problem) => element("li", {}, problem)));
    }
    const listed = JSON.stringify(tenants);
    if (this.listed === listed) return; // whoever is inside with the keyboard stays there
    this.listed = listed;
    byId("tenant-rows").replaceChildren(...tenants.map(rowOf));
  }
}

/** What the day has cost, of what it may, and what it will if calls go on like this. */
export function moneyOf({ spent_usd: spent, forecast_usd: forecast, per_day_usd: limit }) {
  const most = limit === null ? "" : ` of ${money(limit)}`;
  const ahead = money(forecast) === money(spent) ? "" : `, ${money(forecast)} by midnight`;
  return `${money(spent)}${most}${ahead}`;
}

function rowOf(tenant) {
  const more = tenant.number_count - tenant.numbers.length;
  const numbers = tenant.numbers.join(", ") + (more > 0 ? ` and ${more} more` : "");
  const until = tenant.until === null ? "" : ` until ${moment(tenant.until)}`;
  const phone = `/phone?tenant=${encodeURIComponent(tenant.name)}`;
  const cells = [
    ["Tenant", tenant.name],
    ["Numbers", numbers, "words"],
    ["Now", `${tenant.open ? "open" : "closed"}${until}`],
    ["Calls", `${tenant.calls} of ${tenant.most_calls}`, "number"],
    ["Money today", moneyOf(tenant)],
    ["Model", tenant.model],
    ["Language", tenant.language ?? "the caller's"],
    ["Tools", tenant.tools.join(", "), "words"],
    ["Recorded", tenant.recorded ? "yes" : "no"],
    ["", element("a", { href: phone, "aria-label": `Call ${tenant.name}` }, "Call")],
  ];
  return element(
    "tr",
    {},
    ...cells.map(([label, content, kind]) => element("td", { class: kind, data: { label } }, content)),
  );
}
