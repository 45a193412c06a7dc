// Building elements. Text is always a text node: nothing here, or anywhere, makes markup from a string.

/** h("p", {class: "quiet", onclick: f, "aria-label": "…"}, "text", child, …): one element. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };

/** A table, or a part of one, that a narrow page lays out otherwise: to a screen reader it stays a table. */
export function stacked(part) {
  for (const element of [part, ...part.querySelectorAll("thead, tbody, tr, th, td")])
    element.setAttribute("role", ROLES[element.tagName] ?? (element.scope === "row" ? "rowheader" : "columnheader"));
  return part;
}

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";

/** Replace an element's children, only when `signature` differs from last time; focus stays in its place. */
export function fill(element, signature, build) {
  if (element.signature === signature) return;
  element.signature = signature;
  const held = element.contains(document.activeElement) ? [...element.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement) : -1;
  element.replaceChildren(...[build()].flat().filter(Boolean));
  if (held >= 0) element.querySelectorAll(FOCUSABLE)[held]?.focus({ preventScroll: true });
}

/** Set text only when it differs, so that screen readers hear changes and nothing else. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** An <svg> shape from path data of our own. */
export function icon(path, size = 20) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" }))
    svg.setAttribute(name, value);
  svg.classList.add("icon");
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** `work`, but for a page that nobody sees only once it is seen again. */
export function whenSeen(work) {
  let owed = false;
  const run = () => ((owed = document.hidden) ? undefined : work());
  document.addEventListener("visibilitychange", () => owed && run());
  return run;
}

/** Run `work` at most once per frame, and within 80 ms even where frames rest. */
export function oncePerFrame(work) {
  let frame = 0, timer = 0;
  const seen = whenSeen(work);
  const run = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = timer = 0;
    seen();
  };
  return () => {
    if (timer) return;
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, 80);
  };
}

/** Run `work` at once, and then at most every so many milliseconds, the last call never lost. */
export function calmly(milliseconds, work) {
  let timer = 0, again = false;
  const seen = whenSeen(work);
  const run = () => {
    timer = setTimeout(() => ((timer = 0), again && ((again = false), run())), milliseconds);
    seen();
  };
  return () => (timer ? (again = true) : run());
}

/** Remembered values; silently forgetful where storage is forbidden. */
export const memory = {
  get(key, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // the value then lasts as long as the page
    }
  },
};

/** Offer `content` as a download named `name`. */
export function download(name, content, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Ask before something that cannot be undone; resolves true if the person says so. */
export function confirmed({ question, text, act, keep = "Keep it" }) {
  const dialog = h("dialog", { class: "confirm", "aria-labelledby": "confirm-title" },
    h("form", { method: "dialog" }, h("h2", { id: "confirm-title" }, question), h("p", {}, text),
      h("p", { class: "confirm-end" }, h("button", { class: "button", value: "keep", autofocus: true }, keep), h("button", { class: "button danger", value: "act" }, act))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => (dialog.remove(), resolve(dialog.returnValue === "act"))));
}
