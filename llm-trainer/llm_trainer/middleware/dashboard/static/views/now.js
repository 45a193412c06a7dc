// Now: where the session stands, who really speaks, what went wrong, and the knobs that may be turned while it runs.

import { api } from "../api.js";
import { calmly, fill, h, memory, say } from "../dom.js";
import { clock, count, decimal, duration, percent, phaseName, plain, time, trouble } from "../format.js";
import { state } from "../strip.js";
import { spark } from "../spark.js";
import { cutOff } from "./cutoff.js";
import { startForm, STRATEGIES } from "./start.js";
import { teacherPanel } from "./teacher.js";

export const title = "Now";
export const symbol = "M12 3a9 9 0 1 0 9 9h-2a7 7 0 1 1-7-7zM11 7v6l5 3 1-1.7-4-2.3V7z";

export function mount(root, live, go) {
  const form = startForm(live);
  const hero = h("section", { class: "card hero", "aria-labelledby": "now-title" });
  const pair = h("section", { class: "card last-pair", "aria-label": "Last exchange" });
  const tiles = h("section", { class: "tiles", "aria-label": "What the record shows" });
  const facts = h("section", { class: "card", "aria-labelledby": "facts-title" });
  const problem = h("section", { class: "card problem", "aria-label": "Last error", hidden: true });
  const steering = steer(live), teacher = teacherPanel(live), cut = cutOff(live);
  root.append(h("h1", { id: "now-title" }, "Now"), problem, cut.root,
    h("div", { class: "now-grid" }, h("div", { class: "stack" }, form.root, hero, pair, tiles, facts), h("div", { class: "stack" }, steering.root, teacher.root)));

  const showSlow = calmly(1000, () => {
    showTiles(tiles, live);
    if (live.status) showFacts(facts, live, live.status, state(live.status));
  });
  const show = () => {
    const status = live.status;
    const is = state(status), empty = is === "idle";
    const forced = location.hash.startsWith("#now/start");
    form.root.hidden = !live.canStart || !(empty || forced);
    hero.hidden = empty || !status;
    pair.hidden = tiles.hidden = !status || (empty && !live.transcript.last);
    steering.root.hidden = !status?.running;
    teacher.show();
    cut.show(status);
    if (!form.root.hidden) form.show();
    if (!status) return;
    showHero(hero, live, status, is);
    showPair(pair, live, go);
    showSlow();
    showProblem(problem, status, is);
    steering.show(status);
  };
  for (const what of ["status", "exchanges", "services", "session"]) live.addEventListener(what, () => root.isConnected && show());
  live.addEventListener("tick", () => root.isConnected && live.status?.running && show());
  return {
    show(rest) {
      show();
      if (rest[0] === "start" && live.canStart) form.focus();
    },
  };
}

function showHero(root, live, status, is) {
  const done = Math.max(status.exchanges_completed ?? 0, live.transcript.last), most = status.max_exchanges ?? 0;
  const perMinute = Number.isFinite(status.rate_per_second) ? status.rate_per_second * 60 : live.rate;
  const eta = status.eta_seconds;
  const parts = [];
  if (status.running && perMinute) parts.push(perMinute > 300 ? `${count(perMinute / 60)} a second` : `${decimal(perMinute, perMinute < 10 ? 1 : 0)} a minute`);
  if (status.running && Number.isFinite(eta) && is !== "paused" && !is.startsWith("waiting")) parts.push(`about ${duration(eta)} left`);
  const started = time(status.started_at);
  if (started) parts.push(`since ${clock(started)}`);
  if (!status.running && status.end_reason) parts.push(`ended: ${plain(status.end_reason)}`);
  fill(root, JSON.stringify([done, most, parts, is]), () => [
    h("p", { class: "hero-count" }, h("b", {}, count(done)), most ? ` of ${count(most)} exchanges` : " exchanges"),
    track(done, most),
    h("p", { class: "hero-line" }, parts.join(" · ") || phaseName(is)),
  ]);
}

// Progress over the brief's phases: each tick is an expectation, the filled part is fact.
function track(done, most) {
  const scale = Math.max(most, done, 1);
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "track");
  svg.setAttribute("viewBox", "0 0 1000 34");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const draw = (name, attributes) => {
    const shape = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    svg.append(shape);
  };
  draw("rect", { class: "track-all", x: 0, y: 12, width: 1000, height: 10 });
  draw("rect", { class: "track-done", x: 0, y: 12, width: (1000 * done) / scale, height: 10 });
  for (const tick of [50, 100, 500]) if (tick < scale) draw("rect", { class: "track-tick", x: (1000 * tick) / scale - 1, y: 6, width: 2, height: 22 });
  return svg;
}

function showPair(root, live, go) {
  const last = live.transcript.get(live.transcript.last);
  fill(root, last ? `${live.transcript.session}:${last.number}` : `none:${live.loaded}`, () => {
    if (!last && !live.loaded) return h("p", { class: "quiet" }, "Fetching the transcript…");
    if (!last) return h("p", { class: "quiet" }, live.status?.running ? "Waiting for the first exchange." : "Nothing was said in this session.");
    return [
      h("header", {}, h("h2", {}, `Exchange ${count(last.number)}`), last.topic && h("span", { class: "chip" }, last.topic),
        h("button", { type: "button", class: "link", onclick: () => go(`conversation/${last.number}`) }, "in the conversation")),
      h("blockquote", { class: "teacher" }, h("small", {}, "Teacher"), h("p", {}, last.said || "–")),
      h("blockquote", { class: "learner" }, h("small", {}, "Learner"), h("p", {}, last.reply || h("span", { class: "quiet" }, "says nothing"))),
    ];
  });
}

function showTiles(root, live) {
  const { measure } = live, { rows, windows, wordsHeard } = measure, { totals } = measure.lexicon;
  const said = rows.slice(-100).filter((row) => row.freeUtterances), total = (field) => said.reduce((sum, row) => sum + row[field], 0);
  const length = windows.at(-1)?.morphemes ?? total("freeMorphemes") / total("freeUtterances");
  fill(root, `${live.transcript.session}:${rows.length}`, () => [
    tile("Words heard", count(totals.heard), `${count(wordsHeard)} running words`, thin(rows).map((row) => row.heard)),
    tile("Words produced", count(totals.produced), `${count(totals.productive)} of them productive`, thin(rows).map((row) => row.produced)),
    tile("Utterance length", decimal(length), `morphemes, last ${Math.min(100, rows.length)}`, windows.map((w) => w.morphemes)),
    tile("Answered", rows.length ? percent(rows.filter((row) => row.answered).length / rows.length) : "–", "of what it was told", windows.map((w) => w.answered)),
  ]);
}

const thin = (rows) => rows.filter((_, i) => i % Math.max(1, Math.floor(rows.length / 120)) === 0 || i === rows.length - 1);

function tile(name, value, note, values) {
  return h("div", { class: "tile" }, h("h2", {}, name), h("p", { class: "tile-value" }, value), h("p", { class: "quiet" }, note), spark(values));
}

/** Who speaks in this session: what was recorded of it, else whoever speaks now. */
function teacherOf(status) {
  const { backend, model } = status.teacher ?? status.llm ?? {};
  return [backend, model !== backend && model].filter(Boolean).join(", ") || "unknown";
}

function showFacts(root, live, status, is) {
  const learner = live.learner;
  const rows = [
    ["Phase", phaseName(is), [status.running && status.reason, status.next_try_at && `next try at ${clock(status.next_try_at)}`].filter(Boolean).join("; ")],
    ["Topic", status.current_topic ?? null],
    ["Teacher", teacherOf(status), status.llm?.reason],
    ["Learner", learner ? `${plain(learner.stage)}, ${count(learner.exchanges)} exchanges in all` : "unknown", learner ? "" : trouble(live.learnerError)?.what],
    ["Guarantee", status.guarantee ?? null, { "exactly-once": "every message is heard once, whatever fails", "at-most-once": "never twice; an uncertain one is marked, not repeated" }[status.guarantee]],
    ["Uncertain", status.uncertain ? count(status.uncertain) : null, "may or may not have been heard"],
    ["Not taught", status.refused ? count(status.refused) : null],
    ["Strategy", status.strategy], ["Seed", status.seed],
    ["Delay", Number.isFinite(status.delay) ? (status.delay ? duration(status.delay) : "none") : null],
    ["New topic every", status.topic_switch_interval ? `${count(status.topic_switch_interval)} exchanges` : null],
    ["Heartbeat", status.running && Number.isFinite(status.heartbeat_age_ms) ? status.heartbeat_age_ms < 2000 ? "just now" : `${duration(status.heartbeat_age_ms / 1000)} ago` : null],
    ["Session", status.session_name ?? status.name ?? status.session_id ?? null],
  ].filter(([, value]) => value !== null && value !== undefined);
  fill(root, JSON.stringify(rows), () => [
    h("h2", { id: "facts-title" }, "Facts"),
    h("dl", { class: "facts" }, rows.map(([name, value, note]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value), note ? h("small", {}, note) : "")))),
  ]);
}

function showProblem(root, status, is) {
  const found = trouble(status.last_error), waitsFor = { waiting_llm: status.llm, waiting_learner: status.learner }[is];
  if (found && !found.remedy) found.remedy = waitsFor?.remedy ?? "";
  root.hidden = !found;
  if (found) fill(root, JSON.stringify(found), () => [h("h2", {}, "Last error"), h("p", {}, found.what), found.remedy && h("p", { class: "remedy" }, found.remedy)]);
}

function steer(live) {
  const delay = h("input", { id: "steer-delay", type: "number", min: "0", max: "3600", step: "any", inputmode: "decimal" });
  const topic = h("input", { id: "steer-topic", type: "text", placeholder: "leave as it is", autocomplete: "off" });
  const topics = h("input", { id: "steer-topics", type: "text", placeholder: "leave as they are", autocomplete: "off" });
  const strategy = h("select", { id: "steer-strategy" }, STRATEGIES.map((name) => h("option", { value: name }, name)));
  const answer = h("p", { class: "quiet steer-answer", role: "status" });
  const form = h("form", { class: "steer", novalidate: true },
    h("div", { class: "field" }, h("label", { for: "steer-delay" }, "Seconds between exchanges"), delay),
    h("div", { class: "field" }, h("label", { for: "steer-strategy" }, "Strategy"), strategy),
    h("div", { class: "field" }, h("label", { for: "steer-topic" }, "Turn to this topic now"), topic),
    h("div", { class: "field" }, h("label", { for: "steer-topics" }, "Topics from then on"), topics),
    h("button", { class: "button", type: "submit" }, "Change"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const change = {};
    if (delay.value !== "" && Number(delay.value) !== live.status?.delay) change.delay = Number(delay.value);
    const wanted = topics.value.split(",").map((topic) => topic.trim()).filter(Boolean);
    if (wanted.length) change.topics = wanted;
    if (topic.value.trim()) change.topic = topic.value.trim();
    if (strategy.value !== (live.status?.strategy ?? "talk")) change.strategy = strategy.value;
    if (!Object.keys(change).length) return say(answer, "Nothing to change.");
    try {
      await live.command(() => api.patch(`/api/training${live.which}`, change));
      say(answer, `Changed: ${Object.entries(change).map(([key, value]) => `${key} ${plain(value)}`).join("; ")}.`);
      topics.value = topic.value = "";
    } catch (problem) {
      const found = trouble(problem);
      say(answer, `${found.what} ${found.remedy}`);
    }
  });
  const root = h("section", { class: "card", "aria-labelledby": "steer-title" }, h("h2", { id: "steer-title" }, "Steer"), form, answer);
  let session = null;
  return {
    root,
    show(status) {
      if (status.session_id === session || root.contains(document.activeElement)) return;
      session = status.session_id;
      strategy.value = status.strategy ?? "talk";
      delay.value = status.delay ?? memory.get("start", {}).delay ?? "";
    },
  };
}
