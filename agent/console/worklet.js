// Runs on the browser's audio thread: the microphone becomes frames of 20 ms, 8 kHz mu-law; the
// agent's frames become sound. One processor for both, so that both run on one clock.

import { Line } from "./line.js";
import { decode, encode, RATE_HZ } from "./mulaw.js";
import { Resampler } from "./resample.js";

const FRAME = 160;
const REPORT_EVERY = 800; // samples at 8 kHz between two levels: ten a second

class Telephone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.line = new Line();
    this.down = new Resampler(sampleRate, RATE_HZ);
    this.up = new Resampler(RATE_HZ, sampleRate);
    this.spoken = []; // 8 kHz samples that wait for a full frame
    this.sound = []; // of the browser's rate, that wait to be played
    this.muted = false;
    this.ended = false;
    this.levels = { caller: 0, agent: 0, since: 0 };
    this.port.onmessage = ({ data }) => this.receive(data);
  }

  receive(message) {
    if (message.play) this.line.play(message.play);
    else if (message.mark) this.line.mark(message.mark);
    else if (message.clear) this.report(this.line.clear());
    else if ("muted" in message) this.muted = message.muted;
    else if (message.end) this.ended = true;
  }

  process(inputs, outputs) {
    const speaker = outputs[0][0];
    this.listen(inputs[0][0] ?? new Float32Array(speaker.length));
    this.speak(speaker);
    for (const other of outputs[0].slice(1)) other.set(speaker);
    return !this.ended;
  }

  listen(microphone) {
    const samples = this.down.process(this.muted ? new Float32Array(microphone.length) : microphone);
    for (const sample of samples) {
      this.spoken.push(sample);
      this.levels.caller = Math.max(this.levels.caller, Math.abs(sample));
    }
    this.levels.since += samples.length;
    while (this.spoken.length >= FRAME) {
      this.port.postMessage({ frame: encode(this.spoken.splice(0, FRAME)) });
    }
    if (this.levels.since >= REPORT_EVERY) {
      const { caller, agent } = this.levels;
      this.port.postMessage({ levels: { caller, agent, queued: this.line.queued } });
      this.levels = { caller: 0, agent: 0, since: 0 };
    }
  }

  speak(speaker) {
    while (this.sound.length < speaker.length) {
      const { audio, marks } = this.line.take(FRAME);
      const samples = new Float32Array(FRAME);
      samples.set(decode(audio));
      for (const sample of samples) {
        this.levels.agent = Math.max(this.levels.agent, Math.abs(sample));
      }
      this.sound.push(...this.up.process(samples));
      this.report(marks);
    }
    speaker.set(this.sound.splice(0, speaker.length));
  }

  report(marks) {
    for (const mark of marks) this.port.postMessage({ mark });
  }
}

registerProcessor("telephone", Telephone);
