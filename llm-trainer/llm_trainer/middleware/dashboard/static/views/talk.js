// Talk with the learner by hand: frozen, so that nothing of it is learned, or learning.

import { api } from "../api.js";
import { h, memory, say } from "../dom.js";
import { trouble } from "../format.js";
import { exchangeOf } from "../transcript.js";
import { explanation } from "./explain.js";

export function talkPanel(live) {
  const said = h("div", { class: "talk-log", role: "log", "aria-label": "Talk by hand" });
  const message = h("textarea", { id: "talk-message", rows: "2", maxlength: "20000", placeholder: "Say something" });
  const frozen = h("input", { type: "checkbox", id: "talk-frozen" });
  frozen.checked = memory.get("talk-frozen", true);
  const send = h("button", { class: "button primary", type: "submit" }, "Say it");
  const hint = h("small", { id: "talk-hint" });
  const form = h("form", { class: "talk-form" }, h("label", { for: "talk-message" }, "You say"), message,
    h("div", { class: "talk-end" }, h("label", { class: "check", for: "talk-frozen" }, frozen, "Frozen"), send), hint);
  const explainMode = () => {
    memory.set("talk-frozen", frozen.checked);
    say(hint, frozen.checked ? "It answers but learns nothing from this." : "It learns from what you say, for good.");
  };
  frozen.addEventListener("change", explainMode);
  explainMode();
  message.addEventListener("keydown", (event) => event.key === "Enter" && !event.shiftKey && (event.preventDefault(), form.requestSubmit()));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = message.value.trim();
    if (!text || send.disabled) return;
    send.disabled = true;
    said.append(h("p", { class: "mine" }, text));
    try {
      const learner = live.status?.learner_name ?? "default", named = learner === "default" ? {} : { learner };
      const answer = await api.post("/api/cerebrum/chat", { message: text, learn: !frozen.checked, ...named });
      const exchange = exchangeOf({ number: 0, cerebrum_response: answer.response, extra: { ...answer, ...answer.extra } });
      said.append(reply(exchange, learner));
      message.value = "";
    } catch (problem) {
      const found = trouble(problem);
      said.append(h("p", { class: "note" }, `${found.what} ${found.remedy}`));
    } finally {
      send.disabled = false;
      said.scrollTop = said.scrollHeight;
      message.focus();
    }
  });
  return { root: h("aside", { id: "talk", class: "talk", hidden: true, "aria-label": "Talk with the learner by hand" }, h("h2", {}, "Talk by hand"), said, form), focus: () => message.focus() };
}

function reply(exchange, learner) {
  const line = h("p", { class: "theirs" }, exchange.reply || h("span", { class: "silence" }, "silence"));
  if (exchange.seq === null || !exchange.reply) return line;
  const why = h("button", { type: "button", class: "why", onclick: () => why.replaceWith(explanation(exchange, learner)) }, "why?");
  return h("div", {}, line, why);
}
