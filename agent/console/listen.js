// Listening to a call that goes on: the service sends both sides as one sound.

import { socketUrl } from "./api.js";
import { Sound } from "./audio.js";

const MOST_BEHIND = 4000; // samples at 8 kHz: half a second; then the rest is skipped

export class Listening {
  /** Listen to a call; `over` is told when nothing more comes, and why if it was refused. */
  static async open(id, over) {
    const listening = new Listening();
    listening.sound = await Sound.open(
      {
        frame: () => {},
        mark: () => {},
        levels: ({ queued }) => queued > MOST_BEHIND && listening.sound?.order({ clear: true }),
      },
      { wanted: false },
    );
    const socket = new WebSocket(socketUrl(`/api/calls/${encodeURIComponent(id)}/listen`));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => listening.sound?.order({ play: new Uint8Array(data) });
    socket.onclose = ({ code }) => {
      listening.close();
      over(code === 1006 ? "This call cannot be listened to." : "");
    };
    listening.socket = socket;
    return listening;
  }

  async close() {
    this.socket.close();
    const { sound } = this;
    this.sound = null;
    await sound?.close();
  }
}
