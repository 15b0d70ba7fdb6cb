// Live calls: a row for each, which follows the feed, and the words of the one that is looked at.

import { post } from "./api.js";
import { byId, element, say, show, soundMeter } from "./dom.js";
import { clock, seconds, words } from "./format.js";
import { Listening } from "./listen.js";
import { Transcript } from "./transcript.js";

const LEVELS = 24; // steps of a meter, as the feed has them

class Row {
  constructor(page, facts) {
    this.facts = {};
    this.cells = {};
    this.caller = soundMeter("caller");
    this.agent = soundMeter("agent");
    this.caller.frame.classList.add("of-caller");
    this.agent.frame.classList.add("of-agent");
    this.open = element("button", { class: "plain", type: "button" });
    this.open.addEventListener("click", () => page.look(facts.id));
    this.hangUp = element("button", { class: "danger", type: "button" }, "Hang up");
    this.hangUp.addEventListener("click", () => page.hangUp(facts.id));
    this.line = element(
      "tr",
      { data: { id: facts.id } },
      this.cell("Caller", this.open),
      this.cell("Tenant", null, "tenant"),
      this.cell("State", null, "state"),
      this.cell("Since", null, "since", "number"),
      this.cell("Sound", element("span", {}, this.caller.frame, " ", this.agent.frame)),
      this.cell("Latest words", null, "words", "words"),
      this.cell("Answer after", null, "latency", "number"),
      this.cell("Model", null, "model"),
      this.cell("", this.hangUp),
    );
    this.update(facts);
  }

  cell(label, content, name, kind) {
    const made = element("td", { class: kind, data: { label } }, content);
    if (name !== undefined) {
      this.cells[name] = element("span");
      made.append(this.cells[name]);
    }
    return made;
  }

  update(news) {
    Object.assign(this.facts, news);
    const { facts, cells } = this;
    say(this.open, facts.caller ?? "number withheld");
    say(cells.tenant, facts.tenant);
    say(cells.state, facts.tool === null ? words(facts.state) : `${facts.state}, ${facts.tool}`);
    say(cells.words, facts.who === null ? "" : `${facts.who}: ${facts.words}`);
    say(cells.latency, seconds(facts.latency_s));
    const [caller, agent] = facts.levels;
    this.caller.set(caller / LEVELS);
    this.agent.set(agent / LEVELS);
    this.tick();
  }

  tick() {
    const now = Date.now() / 1000;
    const { facts, cells } = this;
    say(cells.since, clock(now - facts.began));
    const age = facts.connected === null ? "away" : clock(now - facts.connected);
    const changes = facts.moves + facts.drops;
    const moved = changes === 0 ? "" : `, moved ${facts.moves}, lost ${facts.drops}`;
    say(cells.model, facts.connection === 0 ? "connecting" : `${age}${moved}`);
  }
}

export class LivePage {
  constructor(live) {
    this.live = live;
    this.rows = new Map();
    this.looked = null;
    this.listening = null;
    this.transcript = new Transcript(byId("live-words"));
    byId("live-hangup").addEventListener("click", () => this.hangUp(this.looked));
    byId("live-listen").addEventListener("click", () => this.listen());
    byId("live-transfer").addEventListener("submit", (event) => this.transfer(event));
    byId("live-close").addEventListener("click", () => this.look(null));
  }

  open([id]) {
    this.live.want({ list: true });
    this.timer = setInterval(() => this.tick(), 1000);
    if (id !== undefined) this.look(id);
  }

  close() {
    clearInterval(this.timer);
    this.look(null);
    this.live.want({ list: false });
  }

  received(message) {
    if (message.kind === "calls") this.list(message);
    else if (message.kind === "call" && message.id === this.looked) {
      this.transcript.add(message.entries);
      if (message.entries.some(([, name]) => name === "call.ended")) this.ended();
    }
  }

  list({ whole, rows, gone }) {
    if (whole) {
      this.rows.clear();
      byId("live-rows").replaceChildren();
    }
    for (const facts of rows) {
      const known = this.rows.get(facts.id);
      if (known === undefined) this.add(facts);
      else known.update(facts);
    }
    for (const id of gone) {
      this.rows.get(id)?.line.remove();
      this.rows.delete(id);
      if (id === this.looked) this.ended();
    }
    this.count();
  }

  /** The call that is looked at is over: its words stay, nothing can be done with it. */
  ended() {
    for (const id of ["live-hangup", "live-listen", "live-transfer"]) show(byId(id), false);
  }

  add(facts) {
    const row = new Row(this, facts);
    this.rows.set(facts.id, row);
    byId("live-rows").prepend(row.line);
    row.line.setAttribute("aria-selected", String(facts.id === this.looked));
    if (facts.id === this.looked) this.offer(facts);
  }

  count() {
    const n = this.rows.size;
    say(byId("live-count"), n === 0 ? "No calls now." : n === 1 ? "One call." : `${n} calls.`);
    show(byId("live-table"), n > 0);
  }

  look(id) {
    this.rows.get(this.looked)?.line.setAttribute("aria-selected", "false");
    this.looked = id;
    this.rows.get(id)?.line.setAttribute("aria-selected", "true");
    this.transcript.clear();
    show(byId("live-one"), id !== null);
    this.listening?.close();
    show(byId("live-hangup"), true);
    this.offer(this.rows.get(id)?.facts);
    if (id !== null) {
      byId("live-page-link").href = `#/call/${encodeURIComponent(id)}`;
      byId("live-title").focus();
    }
    this.live.want({ watch: id, from: 0 });
  }

  /** What can be done with the call that is looked at. */
  offer(facts) {
    const targets = facts?.transfers ?? [];
    say(byId("live-title"), facts === undefined ? "Call" : (facts.caller ?? "number withheld"));
    byId("live-target").replaceChildren(...targets.map((name) => element("option", {}, name)));
    show(byId("live-transfer"), targets.length > 0);
    show(byId("live-listen"), facts?.listen === true);
  }

  async listen() {
    if (this.listening !== null) {
      await this.listening.close();
      return;
    }
    const id = this.looked;
    const button = byId("live-listen");
    const over = (problem) => {
      this.listening = null;
      button.setAttribute("aria-pressed", "false");
      say(byId("live-problem"), problem);
    };
    button.disabled = true; // a second click is no second listener
    try {
      this.listening = await Listening.open(id, over);
      button.setAttribute("aria-pressed", "true");
      if (id !== this.looked) await this.listening.close(); // looked away from meanwhile
    } catch (error) {
      say(byId("live-problem"), error.message);
    } finally {
      button.disabled = false;
    }
  }

  async hangUp(id) {
    await this.act(id, "hangup", {});
  }

  async transfer(event) {
    event.preventDefault();
    await this.act(this.looked, "transfer", { to: byId("live-target").value });
  }

  async act(id, what, body) {
    try {
      await post(`/api/calls/${encodeURIComponent(id)}/${what}`, body);
      say(byId("live-problem"), "");
    } catch (error) {
      say(byId("live-problem"), error.message);
    }
  }

  tick() {
    for (const row of this.rows.values()) row.tick();
  }
}
