// The telephone in the browser: it dials like the carrier, and talks like a caller.

import { get, post, socketUrl } from "./api.js";
import { Sound } from "./audio.js";
import { byId, element, say, show, soundMeter } from "./dom.js";
import { clock, meter, seconds } from "./format.js";
import { Live } from "./live.js";
import { MediaSocket } from "./media.js";
import { signedIn, stayingSignedIn } from "./signin.js";
import { Transcript } from "./transcript.js";

const KEYS = "123456789*0#";
const OTHER = "number:";
const ENDED = { 1000: "The call is over.", 1008: "The call was refused.", 1013: "All lines are busy." };

const you = soundMeter("You");
const agent = soundMeter("Agent");
const transcript = new Transcript(byId("transcript"), {
  latency: (waited) => say(byId("latency"), seconds(waited)),
});
let call = null; // what a call in progress needs
let live = null;

function status(text) {
  say(byId("status"), text);
}

function busy(talking, dialling = talking) {
  byId("call").disabled = dialling;
  for (const id of ["mute", "hangup", "text", "send", "keys"]) byId(id).disabled = !talking;
  byId("hangup").disabled = !dialling;
}

async function dial(event) {
  event.preventDefault();
  if (call !== null) return;
  busy(false, true);
  status("Calling …");
  transcript.clear();
  say(byId("latency"), "–");
  const to = byId("to").value;
  const wanted = to === OTHER ? { to: byId("number").value.trim() } : { tenant: to };
  call = { socket: null, sound: null, began: null, timer: null, muted: false };
  const mine = call;
  try {
    const dialled = await post("/phone/calls", { ...wanted, from: byId("from").value.trim() });
    note(dialled.closed === null ? "" : `Outside the opening hours a caller hears: ${dialled.closed}`);
    const sound = await Sound.open({
      frame: (frame) => mine.socket?.frame(frame),
      mark: (mark) => mine.socket?.heard(mark),
      levels: (levels) => {
        you.set(meter(levels.caller));
        agent.set(meter(levels.agent));
      },
    });
    if (call !== mine) {
      await sound.close(); // hung up meanwhile
      return;
    }
    mine.sound = sound;
    mine.id = dialled.call;
    connect(mine, dialled);
  } catch (error) {
    await over(mine, error.message);
  }
}

function connect(mine, dialled) {
  const { problem } = mine.sound;
  live.want({ watch: dialled.call, from: 0 });
  mine.socket = new MediaSocket(socketUrl("/phone/media"), dialled, {
    open: () => {
      mine.began = Date.now();
      mine.timer = setInterval(() => say(byId("lasts"), clock((Date.now() - mine.began) / 1000)), 250);
      busy(true);
      byId("hangup").focus();
      status(problem === null ? "Connected." : `Connected without a microphone (${problem}): type below.`);
    },
    order: (order) => mine.sound?.order(order),
    closed: (code) => over(mine, ENDED[code] ?? "The connection is lost."),
  });
}

async function over(mine, text) {
  if (call !== mine) return;
  call = null;
  clearInterval(mine.timer);
  mine.socket?.hangUp();
  await mine.sound?.close();
  you.set(0);
  agent.set(0);
  busy(false);
  mute(false);
  status(text);
  byId("call").focus();
}

function mute(muted) {
  if (call !== null) {
    call.muted = muted;
    call.sound?.mute(muted);
  }
  byId("mute").setAttribute("aria-pressed", String(muted));
  say(byId("mute"), muted ? "Unmute" : "Mute");
}

function note(text) {
  say(byId("note"), text);
  show(byId("note"), text !== "");
}

async function type(event) {
  event.preventDefault();
  const field = byId("text");
  const text = field.value.trim();
  if (text === "" || call?.id === undefined) return;
  field.value = "";
  try {
    await post(`/phone/calls/${encodeURIComponent(call.id)}/text`, { text });
  } catch (error) {
    field.value = text;
    status(error.message);
  }
}

function heard(message) {
  if (message.kind === "call" && message.id === live.wants.watch) transcript.add(message.entries);
}

function keypad() {
  for (const key of KEYS) {
    const button = element("button", { type: "button", "aria-label": `key ${key}` }, key);
    button.addEventListener("click", () => call?.socket?.press(key));
    byId("keys").append(button);
  }
}

async function offered() {
  const { tenants } = await get("/api/tenants");
  const to = byId("to");
  to.replaceChildren(
    ...tenants.map(({ name, numbers }) =>
      element("option", { value: name }, `${name} (${numbers[0]})`),
    ),
    element("option", { value: OTHER }, "another number …"),
  );
  const wanted = new URLSearchParams(location.search).get("tenant");
  if (tenants.some(({ name }) => name === wanted)) to.value = wanted;
}

function choose() {
  const other = byId("to").value === OTHER;
  show(byId("number"), other);
  show(byId("number-label"), other);
}

async function open() {
  byId("you").append(you.frame);
  byId("agent").append(agent.frame);
  keypad();
  byId("dial").addEventListener("submit", dial);
  byId("typing").addEventListener("submit", type);
  byId("mute").addEventListener("click", () => mute(!call?.muted));
  byId("hangup").addEventListener("click", () => call && over(call, "You have hung up."));
  byId("to").addEventListener("change", choose);
  addEventListener("pagehide", () => call?.socket?.hangUp());
  await signedIn();
  stayingSignedIn(() => live.open());
  live = new Live({ message: heard, state: () => {} });
  await offered();
  choose();
  busy(false);
}

open().catch((error) => status(error.message));
