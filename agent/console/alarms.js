// What whoever is on duty has to know, whichever page is open.

import { get } from "./api.js";
import { element } from "./dom.js";

const LOOK_MS = 5000;

export class Alarms {
  /** Show them in this element. */
  constructor(place) {
    this.place = place;
    this.told = "";
  }

  /** Look now and from now on; while the service cannot be reached the last ones stay. */
  async look() {
    try {
      this.show((await get("/api/alarms")).alarms);
    } catch {
      // the feed says that there is no connection
    }
    setTimeout(() => this.look(), LOOK_MS);
  }

  show(alarms) {
    const told = alarms.join("\n");
    if (told === this.told) return; // only what is new is read out
    this.told = told;
    this.place.replaceChildren(...alarms.map((alarm) => element("p", {}, alarm)));
  }
}
