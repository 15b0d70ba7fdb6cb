// One call: its sound as a picture, its words, its functions, its continuity and its cost.

import { get } from "./api.js";
import { byId, element, say, show } from "./dom.js";
import { clock, milliseconds, moment, money, seconds, words } from "./format.js";
import { Picture } from "./picture.js";
import { Transcript } from "./transcript.js";

const REFRESH_MS = 5000; // while the call goes on, or the service cannot tell of it
const PARTS = ["picture", "sound-part", "call-parts"]; // what is there once the call is known

export class CallPage {
  constructor() {
    this.audio = byId("sound");
    this.transcript = new Transcript(byId("call-words"), { listenFrom: (at) => this.listen(at) });
    this.picture = null;
    this.startsAt = 0;
    this.audio.addEventListener("timeupdate", () => {
      this.picture?.at(this.startsAt + this.audio.currentTime);
    });
  }

  async open([id]) {
    this.id = id;
    this.read = 0;
    this.picture = new Picture(byId("picture"), (at) => this.listen(at));
    this.picture.at(null);
    this.told = null;
    this.transcript.clear();
    for (const part of PARTS) show(byId(part), false);
    say(byId("call-heading"), "Call");
    say(byId("call-status"), "Looking …");
    await this.load();
  }

  close() {
    clearTimeout(this.timer);
    this.id = null;
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.picture?.close();
    this.picture = null;
  }

  async load() {
    const { id } = this;
    const path = `/api/calls/${encodeURIComponent(id)}`;
    try {
      const call = await get(path);
      const peaks = call.recording === null ? null : await get(`${path}/peaks`).catch(none);
      if (id !== this.id) return;
      this.show(call, peaks);
      say(byId("call-status"), call.running ? "The call goes on." : "");
      if (call.running) this.timer = setTimeout(() => this.load(), REFRESH_MS);
    } catch (error) {
      if (id === this.id) this.failed(error);
    }
  }

  /** What is not there now may come: the service again, or the record of a call that just ended. */
  failed(error) {
    const over = error.status === 404 && this.read > 0;
    say(byId("call-status"), over ? "The call is over; its record is not there yet." : error.message);
    if (over || error.status === undefined || error.status >= 500) {
      this.timer = setTimeout(() => this.load(), REFRESH_MS);
    }
  }

  show(call, peaks) {
    show(byId("picture"), true);
    show(byId("call-parts"), true);
    say(byId("call-heading"), `${call.caller ?? "Number withheld"} to ${call.tenant}, ${moment(call.began_at)}`);
    this.transcript.add(call.timeline.slice(this.read));
    if (this.read === 0 && !call.running) byId("call-words").scrollTop = 0;
    this.read = call.timeline.length;
    this.picture.show(call.timeline, peaks);
    this.startsAt = peaks?.starts_s ?? 0;
    show(byId("sound-part"), peaks !== null);
    if (peaks !== null && !call.running && !this.audio.getAttribute("src")) {
      this.audio.src = `/api/calls/${encodeURIComponent(this.id)}/recording.wav`;
    }
    byId("call-figures").replaceChildren(...figures(call));
    this.showTables(call);
  }

  showTables(call) {
    const told = JSON.stringify([call.tool_calls, call.connections]);
    if (told === this.told) return; // whoever is inside with the keyboard stays there
    this.told = told;
    byId("call-tools").replaceChildren(...call.tool_calls.map((tool) => this.tool(tool)));
    byId("call-moves").replaceChildren(...call.connections.map(connection));
    show(byId("tools-part"), call.tool_calls.length > 0);
    show(byId("moves-part"), call.connections.length > 0);
  }

  tool(tool) {
    return element(
      "tr",
      {},
      cell("At", this.from(tool.requested_s)),
      cell("Function", tool.name),
      cell("Took", seconds(tool.took_s), "number"),
      cell("State", tool.failed ? `${words(tool.state)}, failed` : words(tool.state)),
    );
  }

  from(at) {
    const listen = () => this.listen(at);
    return element("button", { class: "plain", type: "button", on: { click: listen } }, clock(at));
  }

  listen(at) {
    this.picture.at(at);
    if (!this.audio.getAttribute("src")) return;
    this.audio.currentTime = Math.max(0, at - this.startsAt);
    this.audio.play().catch(none); // the browser may want a click on the player first
  }
}

function none() {
  return null;
}

function cell(label, content, kind) {
  return element("td", { class: kind, data: { label } }, content);
}

function connection(change) {
  const why = [words(change.why), change.code, change.reason].filter((part) => part).join(" ");
  return element(
    "tr",
    {},
    cell("At", clock(change.left_s), "number"),
    cell("What", change.planned ? "planned move" : "lost"),
    cell("Why", why, "words"),
    cell("Took", seconds(change.took_s), "number"),
    cell("Went on", change.resumed === null ? "not" : change.resumed ? "resumed" : "begun anew"),
  );
}

/** The carrier's last word, how long it had the call, and what the network answered. */
function carrierOf({ status, duration_s: lasted, sip_code: code }) {
  const told = [status && status.replaceAll("-", " "), lasted === null ? null : clock(lasted)];
  if (code !== null) told.push(`SIP ${code}`);
  return told.filter((part) => part).join(", ") || "–";
}

function figures(call) {
  const { continuity } = call;
  const all = [
    ["Outcome", words(call.outcome)],
    ["Lasted", clock(call.duration_s)],
    ["Who called", call.direction === "outbound" ? "the agent" : "the person"],
    ["Carrier says", carrierOf(call.carrier)],
    ["Model", call.model || "–"],
    ["First heard after", seconds(call.first_audio_s)],
    ["Answers after, median", seconds(call.latency_median_s)],
    ["Slowest answer", seconds(call.latency_worst_s)],
    ["Turns", call.turns],
    ["Barge-ins", call.barge_ins],
    ["Moves", continuity.moves],
    ["Drops", continuity.drops],
    ["Begun anew", continuity.fresh_starts],
    ["Gaps", milliseconds(continuity.gap_ms)],
    ["Caller lost", milliseconds(continuity.caller_ms_lost)],
    ["Agent cut", milliseconds(continuity.agent_ms_cut)],
    ["Longest silence", milliseconds(continuity.dead_air_ms)],
    ["Functions doubled", continuity.tool_effects_doubled],
    ["Tokens", call.usage.total_tokens ?? "–"],
    ["Cost", money(call.cost?.total)],
  ];
  return all.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value ?? "–")),
  );
}
