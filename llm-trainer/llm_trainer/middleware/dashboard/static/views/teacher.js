// Who speaks for the teacher, as the LLM server tells it: warnings, back ends that are left alone, what it has used, and
// fetching a model that is missing.

import { api } from "../api.js";
import { fill, h, say } from "../dom.js";
import { bytes, count, percent, plain, trouble } from "../format.js";

const LOOK_MS = 1000;
const OVER = { done: "is here now", failed: "could not be fetched", cancelled: "is no longer being fetched" };

export function teacherPanel(live) {
  const facts = h("div");
  const pulling = pullPart(live);
  const root = h("section", { class: "card teacher-card", "aria-labelledby": "teacher-title", hidden: true }, h("h2", { id: "teacher-title" }, "Teacher"), facts, pulling.root);
  function show() {
    const said = live.services?.llm?.said;
    root.hidden = !said || !Object.keys(said).length;
    if (root.hidden) return;
    fill(facts, JSON.stringify([said.backend, said.model, said.requested_model, said.state, said.detail, said.remedy, said.warning, said.backends, said.usage]), () => told(said));
    pulling.show(said);
  }
  return { root, show };
}

function told(said) {
  const { backend, model, requested_backend: askedFor, requested_model: asked, usage = {}, backends = [] } = said;
  const speaks = [backend, model !== backend && model].filter(Boolean).join(", ");
  const wanted = [askedFor, asked !== askedFor && asked].filter(Boolean).join(", ");
  const rows = [
    ["Speaks", `${speaks}${said.state && said.state !== "ready" ? ` (${said.state.replaceAll("-", " ")})` : ""}`, said.detail],
    ["Asked for", wanted && wanted !== speaks ? wanted : null],
    ["To do", said.ready === false || (askedFor === "auto" && said.remedy) ? said.remedy || null : null],
    ["Tokens", usage.prompt_tokens || usage.completion_tokens ? `${count(usage.prompt_tokens)} read, ${count(usage.completion_tokens)} spoken` : null],
    ["Cost", Number.isFinite(usage.cost) ? plain(usage.cost) : null, "as the provider counts it, since the LLM server started"],
    ["Turns", Number.isFinite(said.spoken) ? `${count(said.spoken)} spoken, ${count(said.failed ?? 0)} failed` : null],
  ].filter(([, value]) => value !== null && value !== undefined && value !== "");
  return [
    said.warning ? h("p", { class: "warning" }, said.warning) : "",
    h("dl", { class: "facts" }, rows.map(([name, value, note]) => h("div", {}, h("dt", {}, name), h("dd", {}, value, note ? h("small", {}, note) : "")))),
    backends.length > 1 || backends.some((each) => each.breaker === "open" || each.last_error) ? h("ul", { class: "backends" }, backends.map(backendLine)) : "",
  ];
}

function backendLine({ backend, model, state, breaker, last_error: last }) {
  const tone = breaker === "open" ? "no" : state === "ready" ? "yes" : "";
  return h("li", {}, h("b", {}, backend), model && model !== backend ? ` ${model} ` : " ",
    h("span", { class: `verdict ${tone}` }, breaker === "open" ? "left alone for a while" : plain(state).replaceAll("-", " ")), last ? h("small", {}, `last error: ${last}`) : "");
}

// --- fetching a model ---

function pullPart(live) {
  const model = h("input", { id: "pull-model", autocomplete: "off", spellcheck: "false" });
  const start = h("button", { type: "submit", class: "button" }, "Pull");
  const stop = h("button", { type: "button", class: "button", hidden: true, onclick: () => act(() => api.remove("/api/llm/pull")) }, "Stop pulling");
  const bar = h("progress", { max: "1", "aria-label": "Model fetched", hidden: true });
  const answer = h("p", { class: "quiet", role: "status" });
  const form = h("form", { class: "pull", novalidate: true }, h("label", { for: "pull-model" }, "Fetch a model"), h("div", { class: "pull-line" }, model, start, stop), bar, answer);
  const root = h("div", { hidden: true }, form);
  let last = null, timer = 0, asked = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(() => api.post("/api/llm/pull", model.value.trim() ? { model: model.value.trim() } : {}));
  });

  async function act(work) {
    start.disabled = true;
    try {
      take(await work());
    } catch (problem) {
      const found = trouble(problem);
      say(answer, [found.what, found.remedy].filter(Boolean).join(": "));
    } finally {
      start.disabled = false;
    }
  }

  function take({ pull }) {
    last = pull;
    clearTimeout(timer);
    const busy = pull?.state === "pulling";
    if (busy) timer = setTimeout(() => act(() => api.get("/api/llm/pull")), LOOK_MS);
    start.hidden = busy;
    stop.hidden = bar.hidden = !busy;
    if (!pull) return;
    const share = pull.total > 0 ? pull.completed / pull.total : NaN;
    if (Number.isFinite(share)) bar.value = share;
    else bar.removeAttribute("value");
    const far = Number.isFinite(share) ? `${percent(share)}, ${bytes(pull.completed)} of ${bytes(pull.total)}` : "";
    say(answer, busy ? [pull.model, pull.status, far].filter(Boolean).join(": ") : [`${pull.model} ${OVER[pull.state] ?? pull.state}`, pull.detail, pull.remedy].filter(Boolean).join(": "));
  }

  return {
    root,
    show(said) {
      const possible = ["auto", "ollama"].includes(said.requested_backend) || said.backend === "ollama" || (said.backends ?? []).some((each) => each.backend === "ollama");
      root.hidden = !possible;
      if (!possible) return;
      if (!root.contains(document.activeElement) && last?.state !== "pulling") model.placeholder = said.requested_model ?? "";
      if (!asked) {
        asked = true;
        api.get("/api/llm/pull").then((found) => found.pull && take(found), () => (asked = false));
      }
    },
  };
}
