// A streaming change of sample rate: windowed sinc, so that nothing folds back into the band.
//
// Each output sample is the input seen through a low-pass whose zero crossings lie at the lower of
// both rates. The kernel is tabulated once and read with linear interpolation, which serves any
// pair of rates (44.1 kHz as well as 48 kHz to 8 kHz). State is kept between blocks: how a stream
// is cut into blocks does not change what comes out.

const CROSSINGS = 16; // zero crossings on each side: the band edge is sharp, the delay 2 ms at 8 kHz
const STEPS = 256; // table entries between two crossings
const PASS = 0.92; // of the lower rate's band; the rest is the slope

function table() {
  const values = new Float32Array(CROSSINGS * STEPS + 2);
  for (let i = 0; i < values.length; i += 1) {
    const x = i / STEPS;
    const at = Math.PI * x * PASS;
    const sinc = i === 0 ? 1 : Math.sin(at) / at;
    const window = x >= CROSSINGS ? 0 : 0.5 + 0.5 * Math.cos((Math.PI * x) / CROSSINGS);
    values[i] = PASS * sinc * window;
  }
  return values;
}

const KERNEL = table();

function kernel(x) {
  const at = Math.abs(x) * STEPS;
  const index = Math.floor(at);
  if (index > CROSSINGS * STEPS) return 0;
  return KERNEL[index] + (at - index) * (KERNEL[index + 1] - KERNEL[index]);
}

export class Resampler {
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz;
    this.scale = Math.min(1, toHz / fromHz);
    this.reach = Math.ceil(CROSSINGS / this.scale);
    this.past = new Float32Array(this.reach); // what later output still looks back on
    this.position = this.reach; // of the next output, in samples of `past` and the new block
  }

  /** One block, of any length; returns what can be said of the output so far. */
  process(block) {
    const input = new Float32Array(this.past.length + block.length);
    input.set(this.past);
    input.set(block, this.past.length);
    const output = [];
    while (this.position + this.reach < input.length) {
      output.push(this.sampleAt(input, this.position));
      this.position += this.step;
    }
    const spent = Math.max(0, Math.floor(this.position) - this.reach);
    this.past = input.slice(spent);
    this.position -= spent;
    return Float32Array.from(output);
  }

  sampleAt(input, position) {
    const first = Math.max(0, Math.ceil(position - this.reach));
    const last = Math.min(input.length - 1, Math.floor(position + this.reach));
    let sum = 0;
    for (let i = first; i <= last; i += 1) {
      sum += input[i] * kernel((i - position) * this.scale);
    }
    return sum * this.scale;
  }
}
