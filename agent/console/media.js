// The browser's end of a media socket: it speaks the carrier's protocol, one call per socket.
// Source: docs/protocols/twilio.md section 3.

const FRAME_MS = 20;
const MOST_BUFFERED = 64 * 1024; // bytes the network does not take: then frames are left out

/** Bytes as base64. */
export function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

/** Base64 as bytes. */
export function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The texts of one stream, numbered as the carrier numbers them. */
export class Texts {
  constructor({ stream, call, account, parameters }) {
    this.stream = stream;
    this.call = call;
    this.account = account;
    this.parameters = parameters;
    this.sequence = 0;
    this.frames = 0;
  }

  connected() {
    return JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" });
  }

  start() {
    return this.numbered("start", {
      start: {
        streamSid: this.stream,
        callSid: this.call,
        accountSid: this.account,
        tracks: ["inbound"],
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
        customParameters: this.parameters,
      },
    });
  }

  media(mulaw) {
    const timestamp = String(this.frames * FRAME_MS);
    this.frames += 1;
    const chunk = String(this.frames);
    return this.numbered("media", {
      media: { track: "inbound", chunk, timestamp, payload: toBase64(mulaw) },
    });
  }

  /** A frame that is not sent took its time all the same. */
  skip() {
    this.frames += 1;
  }

  dtmf(digit) {
    return this.numbered("dtmf", { dtmf: { track: "inbound_track", digit } });
  }

  mark(name) {
    return this.numbered("mark", { mark: { name } });
  }

  stop() {
    return this.numbered("stop", { stop: { accountSid: this.account, callSid: this.call } });
  }

  numbered(event, fields) {
    this.sequence += 1;
    return JSON.stringify({
      event,
      sequenceNumber: String(this.sequence),
      ...fields,
      streamSid: this.stream,
    });
  }
}

/** What a message of the service asks for: `{play}`, `{mark}` or `{clear}`; null for all else. */
export function read(text) {
  const message = JSON.parse(text);
  if (message.event === "media") return { play: fromBase64(message.media.payload) };
  if (message.event === "mark") return { mark: message.mark.name };
  if (message.event === "clear") return { clear: true };
  return null;
}

/** One open media socket. `on` has `open`, `order` (see `read`) and `closed`. */
export class MediaSocket {
  constructor(url, call, on) {
    this.texts = new Texts(call);
    this.socket = new WebSocket(url);
    this.started = false;
    this.socket.onopen = () => {
      this.socket.send(this.texts.connected());
      this.socket.send(this.texts.start());
      this.started = true;
      on.open();
    };
    this.socket.onmessage = ({ data }) => {
      const order = read(data);
      if (order !== null) on.order(order);
    };
    this.socket.onclose = ({ code }) => {
      this.started = false;
      on.closed(code);
    };
  }

  frame(mulaw) {
    if (!this.started) return;
    if (this.socket.bufferedAmount > MOST_BUFFERED) this.texts.skip();
    else this.socket.send(this.texts.media(mulaw));
  }

  press(digit) {
    if (this.started) this.socket.send(this.texts.dtmf(digit));
  }

  heard(mark) {
    if (this.started) this.socket.send(this.texts.mark(mark));
  }

  hangUp() {
    if (this.started) this.socket.send(this.texts.stop());
    this.socket.close(1000);
  }
}
