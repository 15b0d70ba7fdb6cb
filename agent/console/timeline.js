// What lasted and what happened in a call, out of its timeline. Pure.

const SPANS = {
  "caller.speech_started": ["caller.speech_ended", "caller"],
  "agent.audio_started": ["agent.audio_ended", "agent"],
  "tool.requested": ["tool.finished", "tool"],
  "model.leaving": ["model.moved", "model"],
};

const MOMENTS = {
  barge_in: ["barge-in", "danger"],
  "model.going_away": ["model announces its end", "model"],
  "model.lost": ["model lost", "danger"],
  dtmf: ["key", "ink"],
  "call.ended": ["end", "ink"],
};

/** The rows of a picture, in order: kind and what stands before it. */
export const ROWS = [
  ["caller", "caller talks"],
  ["agent", "agent talks"],
  ["tool", "functions"],
  ["model", "model away"],
];

/** Pair starts with their ends: `{kind, from, to, label}`; what never ended lasts to `end`. */
export function spans(entries, end) {
  const found = [];
  const begun = new Map();
  const close = (key, at) => {
    const span = begun.get(key);
    if (span === undefined) return;
    begun.delete(key);
    found.push({ ...span, to: Math.max(span.from, at) });
  };
  for (const [at, name, values] of entries) {
    const cancelled = name === "tool.cancelled" || name === "tool.lost" ? (values.ids ?? []) : [];
    for (const id of cancelled) close(`tool ${id}`, at);
    for (const [begins, [ends, kind]] of Object.entries(SPANS)) {
      const key = `${kind} ${values.id ?? ""}`;
      if (name === begins || name === ends) close(key, at);
      if (name === begins) begun.set(key, { kind, from: at, label: labelOf(kind, values) });
    }
  }
  for (const key of [...begun.keys()]) close(key, end);
  return found.sort((one, other) => one.from - other.from);
}

function labelOf(kind, values) {
  if (kind === "tool") return String(values.tool ?? "");
  if (kind === "model") return values.planned ? "moves" : "lost, moves";
  return "";
}

/** What happened at one moment: `{at, label, colour}`. */
export function moments(entries) {
  return entries
    .filter(([, name]) => Object.hasOwn(MOMENTS, name))
    .map(([at, name]) => ({ at, label: MOMENTS[name][0], colour: MOMENTS[name][1] }));
}

/** How long the picture is: to the end of the sound or of the last entry, and a second at least. */
export function length(entries, soundEnd) {
  return Math.max(1, soundEnd, ...entries.map(([at]) => at));
}

/** Round seconds between the marks of an axis, so that there are at most `most` of them. */
export function step(end, most) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  return steps.find((each) => end / each <= most) ?? 7200;
}
