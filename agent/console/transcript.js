// A call's timeline as lines for people: who said what, what was looked up, what befell the model.

import { element } from "./dom.js";
import { clock, seconds, words } from "./format.js";

const MOST_LINES = 500; // the oldest go: a page may stay open for days

/** One entry, `[seconds, name, values]`, as `{who, text, kind}`; null for what nobody reads. */
export function lineOf([, name, values]) {
  const text = values["pii.text"] ?? "";
  switch (name) {
    case "caller.said":
      return { who: "Caller", text, kind: "caller" };
    case "agent.said":
      return { who: "Agent", text, kind: "agent" };
    case "tool.requested":
      return { who: "Tool", text: String(values.tool), kind: "tool" };
    case "tool.finished":
      return values.failed ? { who: "Tool", text: "failed", kind: "trouble" } : null;
    case "dtmf":
      return { who: "Key", text: String(values["pii.digit"]), kind: "caller" };
    case "barge_in":
      return { who: "Barge-in", text: "the caller interrupts", kind: "note" };
    case "call.ended":
      return { who: "End", text: words(values.outcome), kind: "note" };
    default:
      return ofTheModel(name, values);
  }
}

function ofTheModel(name, values) {
  switch (name) {
    case "model.going_away":
      return { who: "Model", text: "the connection will end", kind: "note" };
    case "model.leaving":
      return values.planned
        ? { who: "Model", text: "leaves its connection", kind: "note" }
        : { who: "Model", text: "the connection is lost", kind: "trouble" };
    case "model.moved":
      return {
        who: "Model",
        text: `goes on with connection ${values.connection} after ${seconds(values.took_s)}`,
        kind: "note",
      };
    case "model.move_failed":
      return { who: "Model", text: "no connection yet", kind: "trouble" };
    case "model.lost":
      return { who: "Model", text: "lost for good", kind: "trouble" };
    default:
      return null;
  }
}

/** A list that grows with a call. `latest` is told of each turn's latency. */
export class Transcript {
  constructor(list, { listenFrom = null, latency = () => {} } = {}) {
    this.list = list;
    this.listenFrom = listenFrom;
    this.latency = latency;
    this.waited = new Map(); // turn -> seconds, until the agent's words come
    this.sounded = new Map(); // turn -> when the agent was first heard in it, until then as well
    this.spoke = []; // when the caller began to speak, until his words come
  }

  clear() {
    this.list.replaceChildren();
    this.waited.clear();
    this.sounded.clear();
    this.spoke = [];
  }

  add(entries) {
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    for (const entry of entries) this.addOne(entry);
    while (this.list.childElementCount > MOST_LINES) this.list.firstElementChild.remove();
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  addOne(entry) {
    const [at, name, values] = entry;
    if (name === "caller.speech_started") this.spoke.push(at);
    if (name === "agent.audio_started") this.sounds(at, values);
    const line = lineOf(entry);
    if (line === null) return;
    const waited = name === "agent.said" ? this.waited.get(values.turn) : undefined;
    this.place(this.spokenAt(entry), line, waited);
    if (name === "agent.said") {
      this.waited.delete(values.turn);
      this.sounded.delete(values.turn);
    }
  }

  sounds(at, { turn, latency_s: latency }) {
    if (!this.sounded.has(turn)) this.sounded.set(turn, at);
    if (latency === null) return;
    this.waited.set(turn, latency);
    this.latency(latency, turn);
  }

  /** When that began to be heard: words are known only after they were spoken. */
  spokenAt([at, name, values]) {
    const sounded = this.sounded.get(values.turn);
    if (name === "agent.said") return sounded ?? at;
    if (name !== "caller.said") return at;
    const before = this.spoke.filter((start) => start < (sounded ?? Infinity));
    this.spoke = this.spoke.slice(before.length);
    return before[0] ?? at;
  }

  /** Put a line where it belongs in time. */
  place(at, line, waited) {
    let next = null;
    let row = this.list.lastElementChild;
    for (; row !== null && row.at > at; row = row.previousElementSibling) next = row;
    const placed = this.row(at, line, waited);
    placed.at = at;
    this.list.insertBefore(placed, next);
  }

  row(at, line, waited) {
    const time = this.listenFrom
      ? element(
          "button",
          { class: "at", type: "button", on: { click: () => this.listenFrom(at) } },
          clock(at),
        )
      : element("span", { class: "at" }, clock(at));
    return element(
      "li",
      { class: `line ${line.kind}` },
      time,
      element("span", { class: "who" }, line.who),
      element("span", { class: "words" }, line.text),
      waited === undefined ? null : element("span", { class: "waited" }, seconds(waited)),
    );
  }
}
