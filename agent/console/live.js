// The feed of live calls: one websocket that is opened again, ever more patiently, when it ends.

import { socketUrl } from "./api.js";
import { backoff } from "./format.js";

const STEADY_MS = 10_000; // a connection that lived so long was a good one
const NOT_ALLOWED = 4401;

/**
 * Messages of the service while `wants` says something is wanted. `on` has `message`, `state`
 * ("open", "waiting" or "signed out").
 */
export class Live {
  constructor(on) {
    this.on = on;
    this.wants = { list: false, watch: null, from: 0 };
    this.attempt = 0;
    this.socket = null;
    this.timer = null;
    this.closed = false;
    this.open();
  }

  /** Say what is wanted from now on: the list of calls, one call's words, or both. */
  want(wants) {
    this.wants = { ...this.wants, ...wants };
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(this.wants));
    }
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  /** Open the feed; one that is open stays so. */
  open() {
    if (this.socket?.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.timer);
    const openedAt = Date.now();
    this.socket = new WebSocket(socketUrl("/api/live"));
    this.socket.onopen = () => {
      this.on.state("open");
      this.want({});
    };
    this.socket.onmessage = ({ data }) => this.received(JSON.parse(data));
    this.socket.onclose = ({ code }) => {
      if (this.closed) return;
      if (code === NOT_ALLOWED) {
        this.on.state("signed out");
        dispatchEvent(new Event("signed-out"));
        return;
      }
      this.on.state("waiting");
      this.attempt = Date.now() - openedAt > STEADY_MS ? 0 : this.attempt + 1;
      this.timer = setTimeout(() => this.open(), backoff(this.attempt));
    };
  }

  received(message) {
    if (message.kind === "call") {
      if (message.id !== this.wants.watch) return; // it was looked away from meanwhile
      message.entries = message.entries.slice(Math.max(0, this.wants.from - message.from));
      this.wants.from += message.entries.length;
    }
    this.on.message(message);
  }
}
