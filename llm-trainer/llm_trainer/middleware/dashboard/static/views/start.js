// The form that starts a session; it explains each field and remembers what was chosen last.

import { api } from "../api.js";
import { h, memory, say } from "../dom.js";
import { trouble } from "../format.js";

export const STRATEGIES = ["talk", "recast", "demonstrate", "quiz", "story", "mixed"];
const FIELDS = [
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
  const remembered = memory.get("start", {});
  const inputs = {};
  const answer = h("p", { class: "form-problem", role: "alert", hidden: true });
  const submit = h("button", { class: "button primary", type: "submit" }, "Start the session");
  const form = h("form", { class: "start-form", novalidate: true },
    FIELDS.map(({ name, label, hint, value, ...rest }) => {
      const id = `start-${name}`;
      inputs[name] = control({ id, name, "aria-describedby": `${id}-hint` }, rest);
      inputs[name].value = remembered[name] ?? value;
      return h("div", { class: "field" }, h("label", { for: id }, label), inputs[name], h("small", { id: `${id}-hint` }, hint));
    }),
    h("div", { class: "form-end" }, submit, answer));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const plan = planOf(inputs);
    memory.set("start", Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value])));
    submit.disabled = true;
    answer.hidden = true;
    try {
      await live.command(() => api.post("/api/training/start", plan));
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
  return { root, focus: () => (root.hidden = false, inputs.max_exchanges.focus()) };
}

function control(common, { options, ...rest }) {
  if (options) return h("select", common, options.map((option) => h("option", { value: option }, option)));
  return h("input", { ...common, autocomplete: "off", ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)])) });
}

function planOf(inputs) {
  const plan = {};
  for (const { name, type } of FIELDS) {
    const value = inputs[name].value.trim();
    if (value === "") continue;
    if (name === "topics") plan.topics = value.split(",").map((topic) => topic.trim()).filter(Boolean);
    else plan[name] = type === "number" ? Number(value) : value;
  }
  return plan;
}
