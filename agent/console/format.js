// Figures as people read them. Pure: no page is needed to test them.

/** Seconds as 0:07, 12:05 or 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** Seconds with what precision they deserve; a dash when there are none. */
export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) < 1) return `${Math.round(value * 1000)} ms`;
  return `${value.toFixed(Math.abs(value) < 10 ? 2 : 1)} s`;
}

/** Milliseconds, as in the figures of a call's continuity. */
export function milliseconds(value) {
  return value === null || value === undefined ? "–" : `${Math.round(value)} ms`;
}

/** Dollars; small amounts keep the digits that say something. */
export function money(value) {
  if (value === null || value === undefined) return "–";
  const amount = Number(value);
  if (!Number.isFinite(amount)) return "–";
  return `$${amount.toFixed(amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2)}`;
}

/** A moment in the reader's own zone: the time of day, with the date when it is not today. */
export function moment(iso, now = new Date()) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "–";
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (at.toDateString() === now.toDateString()) return time;
  const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return `${at.toLocaleDateString([], { day: "numeric", month: "short", year })}, ${time}`;
}

/** A peak, 0 to 1, as the length of a meter, 0 to 1: what is 48 dB down is nothing. */
export function meter(peak) {
  if (!(peak > 0)) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(peak)) / 48));
}

/** An outcome or a state as words: `caller_hung_up` is "caller hung up". */
export function words(name) {
  return name === null || name === undefined ? "–" : String(name).replaceAll("_", " ");
}

/** How long to wait before the n-th attempt in a row: 0.5 s, doubled up to 30 s, with jitter. */
export function backoff(attempt, random = Math.random()) {
  return Math.min(30_000, 500 * 2 ** Math.min(attempt, 10)) * (0.5 + random / 2);
}
