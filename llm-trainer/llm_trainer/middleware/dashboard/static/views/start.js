// The form that starts a session; it explains each field and remembers what was chosen last.

import { api } from "../api.js";
import { fill, h, memory, say } from "../dom.js";
import { trouble } from "../format.js";

export const STRATEGIES = ["talk", "recast", "demonstrate", "quiz", "story", "mixed"];
const TEACHER = [
  { name: "backend", label: "Back end", type: "choice", value: "", options: [""],
    hint: "Who speaks for the teacher. Only those that can are offered." },
  { name: "model", label: "Model", type: "text", value: "", list: "start-models", placeholder: "the one that is set",
    hint: "For Ollama and OpenAI-compatible servers. One that is missing can be fetched on this page." },
];
const ENDS = [
  { name: "learner", label: "Learner", type: "choice", value: "default", options: ["default"],
    hint: "Who is taught. One session at a time for each." },
  { name: "teacher", label: "Teacher", type: "choice", value: "default", options: ["default"],
    hint: "Which of the LLM servers speaks." },
];
const PLAN = [
  { name: "max_exchanges", label: "Exchanges", type: "number", value: 100, min: 1, max: 1_000_000, step: 1,
    hint: "How many times the teacher speaks and the learner answers before the session ends." },
  { name: "delay", label: "Seconds between exchanges", type: "number", value: 2, min: 0, max: 3600, step: "any",
    hint: "From the start of one to the start of the next. 0 goes as fast as both ends answer." },
  { name: "topic_switch_interval", label: "Exchanges per topic", type: "number", value: 10, min: 1, max: 1_000_000, step: 1,
    hint: "After so many the talk turns to another topic." },
  { name: "topics", label: "Topics", type: "text", value: "", placeholder: "the teacher's own",
    hint: "Separated by commas, taken in this order. Empty leaves the choice to the curriculum." },
  { name: "strategy", label: "Strategy", type: "choice", value: "talk", options: STRATEGIES,
    hint: "How to teach: chat, take up what was said, show only, ask and answer, tell a story, or change between them." },
  { name: "seed", label: "Seed", type: "number", value: "", min: 0, step: 1, placeholder: "any",
    hint: "The same seed makes the same choices again." },
];

export function startForm(live) {
  const remembered = memory.get("start", {}), inputs = {}, fields = {};
  const answer = h("p", { class: "form-problem", role: "alert", hidden: true });
  const submit = h("button", { class: "button primary", type: "submit" }, "Start the session");
  const models = h("datalist", { id: "start-models" });
  const form = h("form", { class: "start-form", novalidate: true },
    [...ENDS, ...TEACHER, ...PLAN].map(({ name, label, hint, value, ...rest }) => {
      const id = `start-${name}`;
      inputs[name] = control({ id, name, "aria-describedby": `${id}-hint` }, rest);
      inputs[name].value = remembered[name] ?? value;
      return (fields[name] = h("div", { class: "field" }, h("label", { for: id }, label), inputs[name], h("small", { id: `${id}-hint` }, hint)));
    }), models,
    h("div", { class: "form-end" }, submit, answer));
  const teacher = teacherFields(live, inputs, fields, models, remembered), ends = endFields(live, inputs, fields);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const plan = { ...planOf(inputs), ...endsOf(inputs, fields) };
    memory.set("start", Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value])));
    submit.disabled = true;
    answer.hidden = true;
    try {
      await teacher.choose();
      await live.command(() => api.post("/api/training/start", plan));
      live.open(null);
      if (location.hash === "#now/start") history.replaceState(null, "", "#now");
    } catch (problem) {
      const found = trouble(problem);
      answer.hidden = false;
      say(answer, `${found.what}${found.remedy ? ` — ${found.remedy}` : ""}`);
    } finally {
      submit.disabled = false;
    }
  });
  const root = h("section", { class: "card start", "aria-labelledby": "start-title" },
    h("h2", { id: "start-title" }, "Start a session"),
    h("p", { class: "quiet" }, "A teacher talks, the learner listens and answers. Everything said is recorded."), form);
  return { root, show: () => (ends(), teacher.show()), focus: () => (root.hidden = false, inputs.max_exchanges.focus()) };
}

// Whom to teach and who speaks: only where the settings name several.
function endFields(live, inputs, fields) {
  return () => {
    for (const { name } of ENDS) {
      const known = live.ends[`${name}s`] ?? [], chosen = inputs[name].value;
      fields[name].hidden = known.length < 2;
      fill(inputs[name], JSON.stringify(known.map((end) => [end.name, Boolean(end.lease)])), () => known.map((end) => h("option", { value: end.name, disabled: Boolean(end.lease) }, end.lease ? `${end.name} (is being taught)` : end.name)));
      if (known.some((end) => end.name === chosen && !end.lease)) inputs[name].value = chosen;
    }
  };
}

const endsOf = (inputs, fields) => Object.fromEntries(ENDS.filter(({ name }) => !fields[name].hidden).map(({ name }) => [name, inputs[name].value]));

// Back end and model: asked of the LLM server when the form is seen, and told to it only where another was chosen.
function teacherFields(live, inputs, fields, models, remembered) {
  let speaker = null, asking = false;
  fields.backend.hidden = fields.model.hidden = true;
  inputs.backend.addEventListener("change", () => showModel());

  async function show() {
    if (asking || speaker) return showModels();
    asking = true;
    speaker = await api.get("/api/llm/speaker").catch(() => null);
    if (!speaker) return void setTimeout(() => (asking = false), 5000);
    const offers = speaker.offers ?? [];
    fill(inputs.backend, JSON.stringify(speaker), () => [h("option", { value: "" }, `as it is (${speaker.backend})`), ...offers.map(({ backend, usable, remedy }) => h("option", { value: backend, disabled: !usable }, usable ? backend : `${backend}: ${remedy}`))]);
    inputs.backend.value = offers.some((offer) => offer.usable && offer.backend === remembered.backend) ? remembered.backend : "";
    fields.backend.hidden = offers.length === 0;
    showModel();
    showModels();
  }

  const offered = () => speaker?.offers?.find((offer) => offer.backend === (inputs.backend.value || speaker.backend));

  function showModel() {
    const offer = offered();
    fields.model.hidden = !offer?.takes_model;
    inputs.model.placeholder = offer?.model ?? "";
  }

  function showModels() {
    const known = live.services?.llm?.said?.models ?? [];
    fill(models, JSON.stringify(known), () => known.map((name) => h("option", { value: name })));
  }

  async function choose() {
    if (!speaker || fields.backend.hidden) return;
    const backend = inputs.backend.value || speaker.backend, model = offered()?.takes_model ? inputs.model.value.trim() : "";
    if (backend === speaker.backend && (!model || model === speaker.model)) return;
    await api.put("/api/llm/speaker", model ? { backend, model } : { backend });
    speaker = { ...speaker, backend, model: model || offered()?.model };
  }

  return { show, choose };
}

function control(common, { options, ...rest }) {
  if (options) return h("select", common, options.map((option) => h("option", { value: option }, option)));
  return h("input", { ...common, autocomplete: "off", ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)])) });
}

function planOf(inputs) {
  const plan = {};
  for (const { name, type } of PLAN) {
    const value = inputs[name].value.trim();
    if (value === "") continue;
    if (name === "topics") plan.topics = value.split(",").map((topic) => topic.trim()).filter(Boolean);
    else plan[name] = type === "number" ? Number(value) : value;
  }
  return plan;
}
