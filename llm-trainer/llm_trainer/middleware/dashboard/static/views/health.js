// Health: each service, since when, why, and what to do. Not configured is grey, not red; unknown is a state of its own.

import { fill, h } from "../dom.js";
import { clock, duration, moment, plain, trouble } from "../format.js";

export const title = "Health";
export const symbol = "M3 11h4l2-5 4 12 3-9 1.5 2H21v2h-4.6l-.7-1L13 20 9 8.6 8.3 13H3z";

const SERVICES = [
  { keys: ["middleware"], name: "Middleware", port: 8002, what: "runs and records the sessions, serves this page", todo: "python middleware.py" },
  { keys: ["learner", "cerebrum"], name: "CEREBRUM", port: 8000, what: "the learner", todo: "cerebrum serve" },
  { keys: ["llm", "llm_server"], name: "LLM server", port: 8001, what: "speaks for the teacher", todo: "python llm_server.py" },
];
const GOOD = ["ok", "up", "ready", "connected", "running", "alive"], GREY = ["not_configured", "not-configured", "unconfigured", "off"];
const WAIT = ["loading", "starting", "busy", "degraded"];

export function mount(root, live) {
  const cards = h("div", { class: "health" });
  const asked = h("p", { class: "quiet" });
  root.append(h("h1", {}, "Health"), asked, cards);
  const show = () => {
    if (!root.isConnected) return;
    const found = SERVICES.map((service) => reading(service, live));
    fill(asked, String(live.servicesAt ?? ""), () => (live.servicesAt ? `Asked at ${clock(live.servicesAt)}; every few seconds again.` : "Asking…"));
    fill(cards, JSON.stringify(found), () => found.map(card));
  };
  live.addEventListener("services", show);
  live.addEventListener("connection", show);
  return { show };
}

function reading({ keys, name, port, what, todo }, live) {
  const body = keys.map((key) => live.services?.[key]).find(Boolean);
  const base = { name, port, what, todo };
  if (!live.services) {
    if (name === "Middleware" && live.servicesError) return { ...base, state: "unreachable", tone: "bad", reason: live.servicesError.message };
    return { ...base, state: "unknown", tone: "unknown", reason: live.servicesError ? "the middleware does not answer, so nobody can say" : "not asked yet" };
  }
  if (!body) return { ...base, state: name === "Middleware" ? "ok" : "unknown", tone: name === "Middleware" ? "good" : "unknown", reason: name === "Middleware" ? "" : "the middleware says nothing of it" };
  const state = String(typeof body === "string" ? body : body.state ?? body.status ?? "unknown");
  const tone = GOOD.includes(state) ? "good" : GREY.includes(state) || state === "unknown" ? "unknown" : WAIT.includes(state) ? "wait" : "bad";
  const found = trouble(body.reason ?? body.error ?? body.problem);
  return { ...base, state, tone, since: body.since, age: body.age_ms !== undefined ? body.age_ms / 1000 : body.age_seconds ?? body.age,
    reason: found?.what ?? "", remedy: body.remedy ?? found?.remedy ?? "", more: more({ ...body, ...extras(name, live) }) };
}

// What is known of a service from elsewhere: the learner's own status, the middleware's own figures.
function extras(name, live) {
  if (name === "Middleware") return { version: live.services.version, "open pages": Math.max(live.services.listeners, 1) }; // this one is, even if its stream came after the answer
  if (name !== "CEREBRUM" || !live.learner) return {};
  const { version, stage, exchanges, vocabulary, capabilities } = live.learner;
  return { version, stage, exchanges, vocabulary, capabilities };
}

// What else a service says of itself, flat and readable; nothing that is already shown.
function more(body) {
  const shown = ["state", "status", "since", "age", "age_ms", "age_seconds", "reason", "error", "problem", "remedy", "ready", "requested_backend", "models"];
  const flat = Object.entries(body).flatMap(([key, value]) => (value && typeof value === "object" && !Array.isArray(value) && ["said", "detail", "body"].includes(key) ? Object.entries(value) : [[key, value]]));
  return flat.filter(([key, value]) => !shown.includes(key) && value !== null && value !== undefined && value !== "").slice(0, 14)
    .map(([key, value]) => [key.replaceAll("_", " "), readable(value)]).filter(([, value]) => value);
}

const named = (value) => Object.entries(value).filter(([, each]) => each !== null && each !== "").map(([key, each]) => `${key.replaceAll("_", " ")} ${plain(each)}`).join(" · ");

function readable(value) {
  if (Array.isArray(value)) return value.map((each) => (each && typeof each === "object" ? named(each) : plain(each))).join("; ");
  return typeof value === "object" ? named(value) : plain(value);
}

function card(service) {
  const bad = service.tone === "bad";
  return h("section", { class: `card service ${service.tone}`, "aria-label": service.name },
    h("header", {}, h("i", { class: "lamp", "aria-hidden": "true" }), h("h2", {}, service.name), h("span", { class: "state" }, service.state.replaceAll("_", " "))),
    h("p", { class: "quiet" }, service.what),
    service.since ? h("p", {}, `Since ${moment(service.since)}`, Number.isFinite(service.age) ? `, read ${duration(Math.round(service.age))} ago` : "") : "",
    service.reason ? h("p", { class: "reason" }, service.reason) : "",
    service.remedy ? h("p", { class: "remedy" }, service.remedy) : bad ? h("p", { class: "remedy" }, "Start it with ", h("code", {}, service.todo), `; its usual port is ${service.port}.`) : "",
    service.more?.length ? h("dl", { class: "facts" }, service.more.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))) : "");
}
