// The queue towards the caller's ear, as the carrier keeps it: audio plays in order, a mark comes
// back when all before it has been heard, and a clear empties the queue and returns every mark.

const MOST_SAMPLES = 8000 * 180; // three minutes wait at most; what comes then is dropped

export class Line {
  constructor() {
    this.items = []; // Uint8Array of mu-law, or a mark's name
    this.offset = 0; // into the first of them
    this.queued = 0;
    this.dropped = 0;
  }

  /** Queue mu-law audio. */
  play(mulaw) {
    if (this.queued + mulaw.length > MOST_SAMPLES) {
      this.dropped += mulaw.length;
      return;
    }
    if (mulaw.length > 0) this.items.push(mulaw);
    this.queued += mulaw.length;
  }

  /** Queue a mark behind what was queued; `take` says when it is reached. */
  mark(name) {
    this.items.push(name);
  }

  /** Empty the queue; returns the marks that were in it. */
  clear() {
    const marks = this.items.filter((item) => typeof item === "string");
    this.items = [];
    this.offset = 0;
    this.queued = 0;
    return marks;
  }

  /** The next samples to be heard, at most `n`, and the marks that are reached by them. */
  take(n) {
    const audio = new Uint8Array(Math.min(n, this.queued));
    const marks = [];
    let filled = 0;
    while (this.items.length > 0) {
      const first = this.items[0];
      if (typeof first === "string") {
        marks.push(first);
        this.items.shift();
        continue;
      }
      if (filled === n) break;
      const piece = first.subarray(this.offset, this.offset + n - filled);
      audio.set(piece, filled);
      filled += piece.length;
      this.offset += piece.length;
      if (this.offset === first.length) {
        this.items.shift();
        this.offset = 0;
      }
    }
    this.queued -= filled;
    return { audio, marks };
  }
}
