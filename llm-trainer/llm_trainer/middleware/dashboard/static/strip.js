// The strip over every view: what the session is doing, and the buttons that steer it.

import { api } from "./api.js";
import { fill, h, icon, say } from "./dom.js";
import { count, phaseName, trouble } from "./format.js";

const SYMBOL = {
  start: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  resume: "M8 5v14l11-7z",
  step: "M6 5v14l8-7zM16 5h3v14h-3z",
  stop: "M6 6h12v12H6z",
};

export function mountStrip(root, live, go) {
  const phase = h("span", { class: "phase" });
  const topic = h("span", { class: "strip-topic" });
  const picker = h("select", { id: "session-picker", "aria-label": "Session", onchange: () => live.open(picker.value || null) });
  const pick = h("span", { class: "strip-pick", hidden: true }, picker);
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Exchanges done" });
  const numbers = h("span", { class: "strip-count" });
  const trouble_ = h("p", { class: "strip-problem", role: "alert", hidden: true });
  const buttons = {
    start: button("start", "Start…", () => go("now/start"), "primary"),
    pause: button("pause", "Pause", () => act("pause")),
    resume: button("resume", "Resume", () => act("resume"), "primary"),
    step: button("step", "Step", () => act("step")),
    stop: button("stop", "Stop", () => act("stop")),
  };
  root.append(
    h("div", { class: "strip-state" }, phase, numbers, topic), pick,
    bar,
    h("div", { class: "strip-buttons", role: "group", "aria-label": "Steer the session" }, Object.values(buttons)),
    trouble_,
  );

  async function act(verb) {
    const pressed = buttons[verb];
    pressed.setAttribute("aria-busy", "true");
    complain(null);
    try {
      await live.command(() => api.post(`/api/training/${verb}${live.which}`));
    } catch (problem) {
      complain(problem);
    } finally {
      pressed.removeAttribute("aria-busy");
    }
  }

  function complain(problem) {
    const found = trouble(problem);
    trouble_.hidden = !found;
    say(trouble_, found ? `${found.what}${found.remedy ? ` — ${found.remedy}` : ""}` : "");
  }

  // Only where there is a choice: several sessions run, or one was opened that is not the newest.
  function showPicker({ sessions = [], session_id: id, name }) {
    pick.hidden = sessions.length < 2 && !live.opened;
    const choices = new Map([["", "the newest session"], ...sessions.map((session) => [session.session_id, [session.name, sessions.length > 1 && session.learner_name].filter(Boolean).join(", ")])]);
    if (live.opened && !choices.has(live.opened)) choices.set(live.opened, id === live.opened ? name : live.opened);
    fill(picker, JSON.stringify([...choices]), () => [...choices].map(([value, label]) => h("option", { value }, label)));
    picker.value = live.opened ?? "";
  }

  const show = () => {
    const status = live.status ?? {}, is = state(status);
    showPicker(status);
    phase.dataset.phase = is;
    say(phase, phaseName(is));
    const done = Math.max(status.exchanges_completed ?? 0, live.transcript.last), most = status.max_exchanges;
    say(numbers, status.session_id ? `${count(done)}${most ? ` of ${count(most)}` : ""}` : "");
    bar.hidden = !status.session_id || !most;
    bar.value = most ? Math.min(1, done / most) : 0;
    bar.setAttribute("aria-valuetext", `${done} of ${most}`);
    say(topic, status.running && status.current_topic ? status.current_topic : "");
    const running = Boolean(status.running), paused = is === "paused", waits = running && is.startsWith("waiting");
    say(buttons.resume.lastChild, waits ? "Try now" : "Resume");
    buttons.start.hidden = !live.canStart;
    buttons.pause.hidden = !running || paused || is === "stopping";
    buttons.resume.hidden = !paused && !waits;
    buttons.step.hidden = !paused;
    buttons.stop.hidden = !running;
    buttons.stop.disabled = is === "stopping";
  };
  live.addEventListener("status", show);
  live.addEventListener("exchanges", show);
  show();
}

/** The phase the page shows: what the middleware calls it, or idle when there is no session. */
export function state(status) {
  if (!status) return "unknown";
  if (!status.session_id && !status.running) return "idle";
  return status.phase ?? (status.running ? "running" : "stopped");
}

function button(name, label, onclick, kind = "") {
  return h("button", { type: "button", class: `button ${kind}`, data: { act: name }, onclick }, icon(SYMBOL[name], 18), h("span", {}, label));
}
