// G.711 mu-law: one byte a sample at 8 kHz, as the telephone carries it. Source: ITU-T G.711.

export const RATE_HZ = 8000;
export const SILENCE = 0xff;

const BIAS = 132; // added before the logarithm, in 16-bit steps
const CLIP = 32635;

function expand(code) {
  const bits = ~code & 0xff;
  const magnitude = (((bits & 0x0f) << 3) + BIAS) << ((bits & 0x70) >> 4);
  return bits & 0x80 ? BIAS - magnitude : magnitude - BIAS;
}

const SAMPLES = Float32Array.from({ length: 256 }, (_, code) => expand(code) / 32768);

/** One sample, -1 to 1, as a mu-law code. */
export function encodeSample(sample) {
  const pcm = Math.round(sample * 32768);
  const sign = pcm < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(pcm), CLIP) + BIAS;
  const exponent = 31 - Math.clz32(magnitude) - 7;
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

/** Samples, -1 to 1, as mu-law bytes. */
export function encode(samples) {
  return Uint8Array.from(samples, encodeSample);
}

/** Mu-law bytes as samples, -1 to 1. */
export function decode(mulaw) {
  return Float32Array.from(mulaw, (code) => SAMPLES[code]);
}
