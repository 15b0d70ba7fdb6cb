// Tenants: who answers what, whether they are open, and why changed files were refused.

import { get } from "./api.js";
import { byId, element, say, show } from "./dom.js";
import { moment } from "./format.js";

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
    say(byId("tenants-status"), `${tenants.length} tenants, generation ${generation}${state}.`);
    show(byId("refused-part"), refused.length > 0);
    const told = refused.join("\n");
    if (this.told !== told) {
      this.told = told; // only what is new is read out
      byId("refused").replaceChildren(...refused.map((problem) => element("li", {}, problem)));
    }
    byId("tenant-rows").replaceChildren(...tenants.map(rowOf));
  }
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
