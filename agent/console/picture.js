// A call as a picture: both voices, turns, functions, barge-ins and moves on one axis of time.

import { clock } from "./format.js";
import { length, moments, ROWS, spans, step } from "./timeline.js";

const LEFT = 88;
const RIGHT = 8;
const TOP = 22;
const ROW = 24;
const AXIS = 22;

export class Picture {
  /** `seek` is told where, in seconds from the call's start, somebody wants to listen. */
  constructor(canvas, seek) {
    this.canvas = canvas;
    this.seek = seek;
    this.call = null;
    this.playhead = null;
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(canvas);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.closing = new AbortController();
    const { signal } = this.closing;
    this.scheme.addEventListener("change", () => this.draw(), { signal });
    canvas.addEventListener("click", (event) => this.clicked(event), { signal });
    canvas.addEventListener("keydown", (event) => this.pressed(event), { signal });
  }

  /** Let go of the canvas, which then shows nothing: the next call's picture may take it. */
  close() {
    this.resized.disconnect();
    this.closing.abort();
    this.canvas.width = this.canvas.height = 0;
  }

  /** Show a call: its entries, and its peaks (null without a recording). */
  show(entries, peaks) {
    const soundEnd = peaks === null ? 0 : peaks.starts_s + peaks.seconds;
    const end = length(entries, soundEnd);
    this.call = { peaks, end, spans: spans(entries, end), moments: moments(entries) };
    this.canvas.setAttribute("aria-valuemax", end.toFixed(0));
    this.draw();
  }

  /** Where the sound is now, in seconds from the call's start. */
  at(playhead) {
    this.playhead = playhead;
    this.canvas.setAttribute("aria-valuenow", (playhead ?? 0).toFixed(0));
    this.canvas.setAttribute("aria-valuetext", clock(playhead ?? 0));
    this.draw();
  }

  clicked({ offsetX }) {
    if (this.call === null) return;
    const share = (offsetX - LEFT) / (this.canvas.clientWidth - LEFT - RIGHT);
    this.seek(Math.min(1, Math.max(0, share)) * this.call.end);
  }

  pressed(event) {
    const by = { ArrowRight: 5, ArrowLeft: -5, PageUp: 30, PageDown: -30 }[event.key];
    const to = { Home: 0, End: this.call?.end }[event.key];
    if (this.call === null || (by === undefined && to === undefined)) return;
    event.preventDefault();
    const wanted = to ?? (this.playhead ?? 0) + by;
    this.seek(Math.min(this.call.end, Math.max(0, wanted)));
  }

  draw() {
    const { canvas, call } = this;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (call === null || width === 0) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const style = getComputedStyle(canvas);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "12px system-ui, sans-serif";
    const bars = height - AXIS - ROWS.length * ROW;
    const page = {
      pen,
      width,
      bars,
      lane: (bars - TOP) / 2,
      foot: height - AXIS,
      colour: (name) => style.getPropertyValue(`--${name}`),
      x: (at) => LEFT + (at / call.end) * (width - LEFT - RIGHT),
    };
    this.drawAxis(page);
    this.drawBands(page);
    this.drawVoices(page);
    this.drawRows(page);
    this.drawMoments(page);
    this.drawPlayhead(page);
  }

  drawAxis({ pen, width, foot, colour, x }) {
    const every = step(this.call.end, (width - LEFT - RIGHT) / 60);
    pen.textAlign = "center";
    for (let at = 0; at <= this.call.end; at += every) {
      pen.fillStyle = colour("line");
      pen.fillRect(x(at), TOP, 1, foot - TOP);
      pen.fillStyle = colour("faint");
      const half = pen.measureText(clock(at)).width / 2;
      pen.fillText(clock(at), Math.min(x(at), width - half), foot + 15);
    }
  }

  drawBands({ pen, bars, colour, x }) {
    pen.fillStyle = colour("model");
    pen.globalAlpha = 0.2;
    for (const span of this.call.spans.filter(({ kind }) => kind === "model")) {
      pen.fillRect(x(span.from), TOP, Math.max(2, x(span.to) - x(span.from)), bars - TOP);
    }
    pen.globalAlpha = 1;
  }

  drawVoices({ pen, lane, colour, x }) {
    pen.textAlign = "left";
    for (const [index, side] of ["caller", "agent"].entries()) {
      const middle = TOP + lane * (index + 0.5);
      pen.fillStyle = colour(side);
      pen.fillText(side, 6, middle + 4);
      const { peaks } = this.call;
      if (peaks === null) continue;
      const each = peaks.seconds / Math.max(1, peaks[side].length);
      const wide = Math.max(1, x(each) - x(0));
      for (const [bucket, peak] of peaks[side].entries()) {
        const high = Math.max(0.5, (peak / 100) * (lane - 6) * 0.5);
        pen.fillRect(x(peaks.starts_s + bucket * each), middle - high, wide, 2 * high);
      }
    }
  }

  drawRows({ pen, bars, width, colour, x }) {
    for (const [index, [kind, label]] of ROWS.entries()) {
      const top = bars + index * ROW + 5;
      pen.fillStyle = colour(kind);
      pen.textAlign = "left";
      pen.fillText(label, 6, top + 12);
      for (const span of this.call.spans.filter((each) => each.kind === kind)) {
        const wide = Math.max(2, x(span.to) - x(span.from));
        pen.fillRect(x(span.from), top, wide, ROW - 10);
        if (span.label === "") continue;
        const fits = x(span.to) + pen.measureText(span.label).width + 6 < width;
        pen.textAlign = fits ? "left" : "right";
        pen.fillText(span.label, fits ? x(span.to) + 4 : x(span.from) - 4, top + 12);
      }
    }
  }

  drawMoments({ pen, foot, width, colour, x }) {
    pen.setLineDash([4, 3]);
    pen.textAlign = "left";
    let taken = 0; // how far labels reach: one that finds no room is left out, its line is not
    for (const { at, label, colour: name } of this.call.moments) {
      pen.strokeStyle = pen.fillStyle = colour(name);
      pen.beginPath();
      pen.moveTo(x(at), TOP - 6);
      pen.lineTo(x(at), foot);
      pen.stroke();
      const wide = pen.measureText(label).width + 6;
      const left = x(at) + wide < width ? x(at) : x(at) - wide;
      if (left < taken) continue;
      taken = left + wide;
      pen.fillText(label, left + 3, TOP - 9);
    }
    pen.setLineDash([]);
  }

  drawPlayhead({ pen, foot, colour, x }) {
    if (this.playhead === null) return;
    pen.fillStyle = colour("ink");
    pen.fillRect(x(this.playhead) - 1, TOP - 6, 2, foot - TOP + 6);
  }
}
