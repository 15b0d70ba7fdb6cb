// Requests to the service. An answer that is no success becomes an error with its own words and
// its `status`; one that does not come has none.

async function request(method, path, body) {
  const options = { method, headers: {}, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error("The service cannot be reached.");
  }
  if (response.status === 401) dispatchEvent(new Event("signed-out"));
  if (!response.ok) {
    throw Object.assign(new Error((await response.text()).trim()), { status: response.status });
  }
  return response;
}

/** Read JSON. */
export async function get(path) {
  return (await request("GET", path)).json();
}

/** Send JSON, and read some. */
export async function post(path, body = {}) {
  return (await request("POST", path, body)).json();
}

/** The same place of the service as a websocket's address. */
export function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
