// Past calls: filters, search, and page after page.

import { get } from "./api.js";
import { byId, element, say, show } from "./dom.js";
import { clock, moment, money, seconds, words } from "./format.js";

const FIELDS = ["tenant", "outcome", "number", "since", "until", "words"];
const MOST_ROWS = 1000; // in the page; a narrower filter finds what is further back

/** The filters of a form as a query: days are the reader's own. */
export function queryOf(values) {
  const query = new URLSearchParams();
  for (const name of FIELDS) {
    const value = (values[name] ?? "").trim();
    if (value === "") continue;
    if (name === "since" || name === "until") {
      const day = new Date(`${value}T00:00`);
      if (name === "until") day.setDate(day.getDate() + 1); // the whole of that day
      query.set(name, day.toISOString());
    } else query.set(name, name === "outcome" ? value.replaceAll(" ", "_") : value);
  }
  return query;
}

export class CallsPage {
  constructor() {
    this.form = byId("filters");
    this.asked = 0;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.search();
    });
    this.form.addEventListener("reset", () => setTimeout(() => this.search()));
    byId("more").addEventListener("click", () => this.load(this.next));
  }

  async open() {
    await this.search();
  }

  close() {
    this.asked += 1; // what still comes is not shown
  }

  async search() {
    byId("call-rows").replaceChildren();
    await this.load(null);
  }

  async load(before) {
    const asked = (this.asked += 1);
    const query = queryOf(Object.fromEntries(new FormData(this.form)));
    if (before !== null) query.set("before", before);
    say(byId("calls-status"), "Looking …");
    let found;
    try {
      found = await get(`/api/calls?${query}`);
    } catch (error) {
      if (asked === this.asked) say(byId("calls-status"), error.message);
      return;
    }
    if (asked !== this.asked) return;
    byId("call-rows").append(...found.calls.map(rowOf));
    const shown = byId("call-rows").childElementCount;
    this.next = found.next;
    show(byId("more"), found.next !== null && shown < MOST_ROWS);
    say(byId("calls-status"), shown === 0 ? "No such calls." : `${shown} shown, newest first.`);
  }
}

function rowOf(call) {
  const link = element("a", { href: `#/call/${encodeURIComponent(call.call_id)}` }, moment(call.began_at));
  const trouble = call.gap_ms > 0 || call.drops > 0 || call.tool_failures > 0;
  const cells = [
    ["Began", link],
    ["Caller", call.caller ?? "withheld"],
    ["Tenant", call.tenant],
    ["Lasted", clock(call.duration_s), "number"],
    ["Outcome", words(call.outcome)],
    ["Turns", call.turns, "number"],
    ["Answer after", seconds(call.latency_s), "number"],
    ["Tools", call.tool_calls, "number"],
    ["Moves", call.moves + call.drops, "number"],
    ["Trouble", trouble ? troubleOf(call) : ""],
    ["Cost", money(call.cost_usd), "number"],
  ];
  return element(
    "tr",
    {},
    ...cells.map(([label, content, kind]) => element("td", { class: kind, data: { label } }, content)),
  );
}

function troubleOf({ gap_ms: gap, drops, tool_failures: failures }) {
  const told = [];
  if (gap > 0) told.push(`${gap} ms of gaps`);
  if (drops > 0) told.push(`${drops} dropped`);
  if (failures > 0) told.push(`${failures} tools failed`);
  return told.join(", ");
}
