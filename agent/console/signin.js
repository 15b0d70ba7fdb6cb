// Who may see this page: asks once for the operator's token, which becomes a session.

import { get, post } from "./api.js";
import { byId, say, show } from "./dom.js";

/** A token that the address brought along (`#token=...`); it does not stay there. */
async function broughtAlong() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  await post("/console/session", { token }).catch(() => null); // else it is asked for
}

/** Resolve when there is a session, with whether one is needed; ask for the token until then. */
export async function signedIn() {
  await broughtAlong();
  const { signed_in: already, needed } = await get("/console/session");
  if (!already) await asked();
  return needed;
}

/** Ask for the token whenever the session is gone; `again` is called when there is a new one. */
export function stayingSignedIn(again) {
  let asking = false;
  addEventListener("signed-out", async () => {
    if (asking) return;
    asking = true;
    await asked();
    asking = false;
    again();
  });
}

/** Ask for the token; resolves once it was the right one. */
function asked() {
  const dialog = byId("signin");
  const form = dialog.querySelector("form");
  const problem = dialog.querySelector("[role=alert]");
  const token = form.elements.token;
  say(problem, "");
  show(dialog, true);
  document.body.classList.add("signed-out");
  token.focus();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const given = token.value.trim();
      token.value = "";
      try {
        await post("/console/session", { token: given });
      } catch (error) {
        say(problem, error.message);
        token.focus();
        return;
      }
      show(dialog, false);
      document.body.classList.remove("signed-out");
      resolve();
    };
  });
}
