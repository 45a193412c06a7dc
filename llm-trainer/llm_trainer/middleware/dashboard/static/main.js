// The shell: navigation, theme, connection, the session strip; each view lives in a file of its own.

import { h, icon, say } from "./dom.js";
import { Live } from "./live.js";
import { mountStrip } from "./strip.js";
import * as conversation from "./views/conversation.js";
import * as growth from "./views/growth.js";
import * as health from "./views/health.js";
import * as now from "./views/now.js";
import * as sessions from "./views/sessions.js";
import * as traffic from "./views/traffic.js";
import { clock } from "./format.js";

const VIEWS = { now, conversation, growth, sessions, traffic, health };
export const live = new Live();
const shown = {};
let current = null;

function navigate() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  const view = VIEWS[name] ? name : "now";
  if (view !== current) {
    shown[current]?.hide?.();
    if (!shown[view]) {
      const root = h("div", { class: `view view-${view}` });
      shown[view] = { root, ...VIEWS[view].mount(root, live, go) };
    }
    document.getElementById("view").replaceChildren(shown[view].root);
    current = view;
    document.title = `${VIEWS[view].title} · LLM Trainer`;
    for (const link of document.querySelectorAll("#nav a")) {
      if (link.dataset.view === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    scrollTo(0, 0);
  }
  shown[view].show?.(rest.map(decodeURIComponent));
}

function go(place) {
  if (location.hash === `#${place}`) navigate();
  else location.hash = place;
}

function mountNavigation() {
  const nav = document.getElementById("nav");
  for (const [name, view] of Object.entries(VIEWS))
    nav.append(h("li", {}, h("a", { href: `#${name}`, data: { view: name } }, icon(view.symbol), h("span", {}, view.title))));
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("view").focus();
  });
}

function mountTheme() {
  const select = document.getElementById("theme");
  select.value = document.documentElement.dataset.theme ?? "";
  select.addEventListener("change", () => {
    if (select.value) document.documentElement.dataset.theme = select.value;
    else delete document.documentElement.dataset.theme;
    try {
      localStorage.setItem("theme", select.value);
    } catch {
      // lasts as long as the page
    }
    dispatchEvent(new Event("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
}

function mountConnection() {
  const line = document.getElementById("connection"), banner = document.getElementById("banner");
  const show = () => {
    const { state, since } = live.connection;
    line.dataset.state = state;
    say(line, { live: "live", connecting: "connecting", lost: "connection lost", resting: "resting" }[state]);
    const lost = state === "lost";
    banner.className = lost ? "banner" : "";
    say(banner, lost ? `No connection to the middleware since ${clock(since)}. What you see is as of then; the page reconnects by itself and catches up.` : "");
  };
  live.addEventListener("connection", show);
  show();
}

mountNavigation();
mountTheme();
mountConnection();
mountStrip(document.getElementById("strip"), live, go);
addEventListener("hashchange", navigate);
navigate();
live.start();
