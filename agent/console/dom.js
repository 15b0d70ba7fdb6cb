// Elements without markup: text only ever becomes text, whoever wrote it.

/** Make an element. `properties`: `class`, `on` (listeners), `data`, attributes by their names. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (key === "data") Object.assign(made.dataset, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null).map(asNode));
  return made;
}

function asNode(child) {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** Put this text into an element, if it says something else. */
export function say(target, text) {
  const wanted = String(text);
  if (target.textContent !== wanted) target.textContent = wanted;
}

/** Show an element or hide it, for everybody. */
export function show(target, shown) {
  target.hidden = !shown;
}

/** The element of this id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A meter of sound; `set` takes a length from 0 to 1. */
export function soundMeter(label) {
  const bar = element("span", { class: "meter-bar" });
  const frame = element("span", { class: "meter", title: label, "aria-hidden": "true" }, bar);
  return { frame, set: (length) => bar.style.setProperty("--length", length.toFixed(2)) };
}
