// The browser's microphone and loudspeaker, as a telephone would have them.

const WISHES = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** The microphone, or why there is none; a call can be held without, by typing. */
async function microphone(wanted) {
  if (!wanted) return { stream: null, problem: null };
  try {
    if (!navigator.mediaDevices) throw new Error("this page is not served securely");
    return { stream: await navigator.mediaDevices.getUserMedia({ audio: WISHES }), problem: null };
  } catch (error) {
    return { stream: null, problem: error.message || error.name };
  }
}

/** Sound in (unless it is not `wanted`) and out, until `close`. `on` has `frame`, `mark`, `levels`. */
export class Sound {
  static async open(on, { wanted = true } = {}) {
    const context = new AudioContext({ latencyHint: "interactive" });
    await context.resume();
    await context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    const { stream, problem } = await microphone(wanted);
    return new Sound(context, stream, problem, on);
  }

  constructor(context, stream, problem, on) {
    this.context = context;
    this.stream = stream;
    this.problem = problem;
    this.node = new AudioWorkletNode(context, "telephone", { outputChannelCount: [1] });
    this.node.port.onmessage = ({ data }) => {
      if (data.frame) on.frame(data.frame);
      else if (data.mark) on.mark(data.mark);
      else if (data.levels) on.levels(data.levels);
    };
    this.node.connect(context.destination);
    if (stream !== null) context.createMediaStreamSource(stream).connect(this.node);
  }

  /** `{play}`, `{mark}` or `{clear}`, as the carrier's protocol has them. */
  order(order) {
    this.node.port.postMessage(order);
  }

  mute(muted) {
    this.node.port.postMessage({ muted });
  }

  async close() {
    this.node.port.postMessage({ end: true });
    this.node.port.onmessage = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    await this.context.close();
  }
}
