"use strict";
// Texts reach the page through textContent only. No library, no other host.

const STAGES = ["listening", "words", "phrases", "sentences", "conversation"];
const $ = (id) => document.getElementById(id);
const conversation = `page-${Date.now().toString(36)}-${Math.floor(Math.random() * 1e9).toString(36)}`;
let oldest = null;

class Problem extends Error {}

async function ask(method, path, body, headers = {}) {
  const options = { method, headers };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem("CEREBRUM does not answer. Is it still running?");
  }
  const found = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem([found.detail, found.remedy].filter(Boolean).join(": ") || `error ${answer.status}`);
  return found;
}

function element(kind, text, more = {}) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(more)) {
    if (name === "onclick") made.addEventListener("click", value);
    else made.setAttribute(name, value);
  }
  return made;
}

function guarded(work) {
  return async (...given) => {
    try {
      await work(...given);
      $("problem").textContent = "";
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      $("problem").textContent = error.message;
    }
  };
}

function later(work, wait = 200) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(work, wait); };
}

// how it is

async function showStatus() {
  let found;
  try {
    found = await ask("GET", "/api/status");
  } catch (error) {
    $("state").textContent = error.message;
    return;
  }
  const busy = found.waking || found.rebuilding || found.checking;
  const doing = found.waking ? "waking" : found.rebuilding ? "unlearning" : found.checking ? "checking its record" : "";
  const progress = busy && busy.of ? `${doing}: ${busy.learned} of ${busy.of}` : doing;
  const count = `${found.exchanges} exchanges, ${found.vocabulary} words`;
  $("state").textContent = [found.problem || count, progress].filter(Boolean).join(" · ");
  const known = STAGES.includes(found.stage) ? STAGES : [...STAGES, found.stage];
  $("stages").replaceChildren(...known.map((stage) =>
    element("li", stage, stage === found.stage ? { "aria-current": "step" } : {})));
  const rows = Object.entries(found.measurements).filter(([, value]) => value !== null);
  $("measurements").replaceChildren(...rows.flatMap(([name, value]) => [
    element("dt", name.replaceAll("_", " ")),
    element("dd", Number.isInteger(value) ? value.toLocaleString() : value.toFixed(3)),
  ]));
}

// talking

function showTurn(who, text, exchange) {
  const silent = who === "its" && !text;
  const turn = element("li", silent ? "(it listens)" : text, { class: who + (silent ? " silent" : "") });
  if (who === "its" && exchange !== null && text) {
    turn.append(" ", element("button", "why?", { class: "small", type: "button", onclick: guarded(() => explain(exchange)) }));
  }
  $("turns").append(turn);
  $("turns").scrollTop = $("turns").scrollHeight;
}

const say = guarded(async () => {
  const message = $("message").value;
  if (!message.trim()) return;
  const button = $("say").querySelector("button");
  button.disabled = true;
  try {
    const body = { message, conversation_id: conversation, user_id: "page", learn: $("learn").checked };
    const answer = await ask("POST", "/api/chat", body);
    showTurn("mine", message);
    showTurn("its", answer.response, answer.exchange);
    $("message").value = "";
  } finally {
    button.disabled = false;
    $("message").focus();
  }
  await refresh();
});

async function explain(seq) {
  const found = await ask("GET", `/api/explain/${seq}`);
  const sources = new Map(found.words.flatMap((word) => word.sources.map((source) => [source.seq, source.text])));
  const reply = element("p");
  const entries = new Map();
  for (const [source, text] of sources) {
    const entry = element("li");
    entry.append(element("div", text ?? "(forgotten)"), element("div", `heard as number ${source}`, { class: "meta" }));
    entries.set(source, entry);
  }
  for (const word of found.words) {
    const traced = word.sources.length > 0;
    const title = word.sources.map((source) => `from ${source.seq}: ${source.text ?? "(forgotten)"}`).join("\n");
    reply.append(element("span", word.text, traced ? { class: "word traced", title } : { class: "word" }));
  }
  const facts = element("dl");
  facts.append(element("dt", "found by"), element("dd", found.why.kind));
  for (const [name, value] of Object.entries({ score: found.why.score, ...found.why.features })) {
    if (value !== null) facts.append(element("dt", name), element("dd", value.toFixed(3)));
  }
  const list = element("ol", undefined, { class: "entries" });
  list.append(...entries.values());
  $("why-empty").hidden = true;
  const weighed = element("details");
  weighed.append(element("summary", "How it was weighed"), facts);
  const asked = element("p", `It was told: ${found.message}`, { class: "quiet" });
  $("why-body").replaceChildren(asked, reply, element("h3", `Made of ${sources.size} observations`), list, weighed);
  if (matchMedia("(max-width: 52rem)").matches) $("why").scrollIntoView();
}

// looking into its mind

const chip = (item) => {
  const made = element("li", item.text);
  made.append(" ", element("span", String(item.count), { class: "count" }));
  return made;
};

async function showWords() {
  const query = encodeURIComponent($("words-query").value);
  const found = await ask("GET", `/api/vocabulary?limit=200&q=${query}`);
  $("words-count").textContent = String(found.total);
  $("words-list").replaceChildren(...found.words.map(chip));
  const { patterns } = await ask("GET", "/api/patterns?limit=40");
  $("patterns-list").replaceChildren(...patterns.map(chip));
}

async function showHeard(more = false) {
  const query = encodeURIComponent($("heard-query").value);
  const place = more && oldest !== null ? `&before=${oldest}` : "";
  const found = await ask("GET", `/api/observations?limit=20&q=${query}${place}`);
  const made = found.observations.map(heardEntry);
  if (more) $("heard-list").append(...made);
  else $("heard-list").replaceChildren(...made);
  oldest = found.before;
  $("heard-more").hidden = oldest === null;
}

function heardEntry(observation) {
  const entry = element("li");
  entry.append(element("div", observation.heard));
  if (observation.said) entry.append(element("div", `→ ${observation.said}`, { class: "quiet" }));
  const meta = element("div", undefined, { class: "meta" });
  meta.append(element("span", `${observation.seq}`), element("span", new Date(observation.at).toLocaleString()));
  if (observation.speaker) meta.append(element("span", `from ${observation.speaker}`));
  if (observation.said) {
    meta.append(element("button", "why?", {
      class: "small", type: "button", "aria-label": `Why it answered ${observation.seq} so`,
      onclick: guarded(async () => { await explain(observation.seq); $("why").scrollIntoView(); }),
    }));
  }
  meta.append(element("button", "forget", {
    class: "small danger", type: "button", "aria-label": `Forget ${observation.seq}`,
    onclick: () => confirmForgetting(observation),
  }));
  entry.append(meta);
  return entry;
}

function confirmForgetting(observation) {
  const dialog = $("confirm");
  $("confirm-text").textContent = observation.heard;
  dialog.returnValue = "keep";
  dialog.onclose = guarded(async () => {
    if (dialog.returnValue !== "forget") return;
    await ask("DELETE", `/api/observations/${observation.seq}`);
    await refresh();
  });
  dialog.showModal();
}

async function refresh() {
  await Promise.all([showStatus(), showWords(), showHeard()]);
}

$("say").addEventListener("submit", (event) => { event.preventDefault(); say(); });
$("words-query").addEventListener("input", later(guarded(showWords)));
$("heard-query").addEventListener("input", later(guarded(() => showHeard())));
$("heard-more").addEventListener("click", guarded(() => showHeard(true)));
guarded(refresh)();
setInterval(showStatus, 3000);
$("message").focus();
