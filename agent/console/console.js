// The console: signs in, then shows the page that the address names.

import { byId, say, show } from "./dom.js";
import { Alarms } from "./alarms.js";
import { CallPage } from "./call_page.js";
import { CallsPage } from "./calls_page.js";
import { Live } from "./live.js";
import { LivePage } from "./live_page.js";
import { place, TITLES } from "./place.js";
import { signedIn, stayingSignedIn } from "./signin.js";
import { TenantsPage } from "./tenants_page.js";

const LISTED = { call: "calls" }; // the entry of the menu that a page belongs to
let pages = {};
let shown = null;
let live = null;

async function go() {
  const [name, rest] = place(location.hash);
  pages[shown]?.close();
  shown = name;
  for (const each of Object.keys(pages)) show(byId(`page-${each}`), each === name);
  for (const link of document.querySelectorAll("nav a[data-page]")) {
    if (link.dataset.page === (LISTED[name] ?? name)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = `${TITLES[name]} – Seamline`;
  await pages[name].open(rest);
}

function state(text) {
  const told = { open: "", waiting: "Not connected; trying again …", "signed out": "Signed out." };
  say(byId("connection"), told[text]);
  document.body.classList.toggle("cut-off", text !== "open");
}

async function signOut() {
  await fetch("/console/session", { method: "DELETE" });
  location.reload();
}

async function open() {
  const needed = await signedIn();
  stayingSignedIn(() => {
    live.open();
    go();
  });
  live = new Live({ message: (message) => pages.live.received(message), state });
  pages = {
    live: new LivePage(live),
    calls: new CallsPage(),
    call: new CallPage(),
    tenants: new TenantsPage(),
  };
  show(byId("signout"), needed);
  byId("signout").addEventListener("click", signOut);
  addEventListener("hashchange", go);
  new Alarms(byId("alarms")).look();
  await go();
  document.body.dataset.ready = "yes";
}

open().catch((error) => say(byId("connection"), error.message));
