// Where every word of a reply came from: each run of words wears the number of the observation that it was taken from.

import { api } from "../api.js";
import { h } from "../dom.js";
import { count, decimal, duration, plain, trouble } from "../format.js";

/** An element that fills itself with the explanation of one exchange's reply; `learner` by name, where there are several. */
export function explanation(exchange, learner) {
  const words = h("div", {}, h("p", { class: "quiet" }, "Asking the learner…"));
  load(exchange, learner).then((found) => words.replaceChildren(...show(found, exchange)), (problem) => words.replaceChildren(...refusal(problem)));
  return h("div", { class: "explanation", role: "group", "aria-label": "Where these words came from" }, words, making(exchange));
}

// How both turns were made: the learner's stage and surprise, the teacher's model and time.
function making({ stage, surprise, milliseconds, teacher }) {
  const ms = (value) => duration(value / 1000), { model, tokens, timings = {} } = teacher ?? {};
  const parts = Object.entries(timings).filter(([, value]) => Number.isFinite(value)).map(([name, value]) => `${name} ${ms(value)}`);
  const rows = [
    ["Stage", stage || null],
    ["Surprise", Number.isFinite(surprise) ? `${decimal(surprise)} bits a word` : null, "of the reply, to the learner's own model of language"],
    ["Learner", Number.isFinite(milliseconds) ? `answered in ${ms(milliseconds)}` : null],
    ["Teacher", [model, Number.isFinite(tokens) && `${count(tokens)} tokens`, Number.isFinite(teacher?.milliseconds) && ms(teacher.milliseconds)].filter(Boolean).join(", ") || null, parts.join(", ")],
  ].filter(([, value]) => value);
  return rows.length ? h("dl", { class: "making" }, rows.map(([name, value, note]) => h("div", {}, h("dt", {}, name), h("dd", {}, value, note ? h("small", {}, ` ${note}`) : "")))) : "";
}

async function load(exchange, learner) {
  if (exchange.seq === null) throw new Error("The learner did not say under which number it keeps this exchange.");
  return api.get(`/api/cerebrum/explain/${exchange.seq}`, learner === "default" ? {} : { learner });
}

function refusal(problem) {
  const found = trouble(problem);
  return [h("p", { class: "quiet" }, `No explanation: ${found.what}`), found.remedy && h("p", { class: "quiet" }, found.remedy)].filter(Boolean);
}

function show(found, exchange) {
  const why = found.why ?? {}, tokens = tokensOf(found, exchange.reply);
  const known = new Map(); // observation → its place in the list, and its text
  for (const token of tokens) for (const source of token.sources) if (!known.has(source.seq)) known.set(source.seq, { place: known.size, text: source.text });
  const facts = [["Made by", why.kind], ["Score", why.score]].filter(([, value]) => value !== undefined && value !== null && value !== "");
  return [
    h("p", { class: "woven" }, woven(tokens, known)),
    facts.length ? h("p", { class: "quiet" }, facts.map(([name, value]) => `${name}: ${plain(value)}`).join(" · ")) : null,
    known.size
      ? h("ol", { class: "sources" }, [...known].map(([seq, { place, text }]) =>
          h("li", { data: { thread: String(place % 6) } }, h("b", {}, String(place + 1)),
            h("span", {}, text === null || text === undefined ? h("em", {}, "forgotten on request") : `“${text}”`, h("small", {}, `observation ${seq} gave “${gave(tokens, seq)}”`)))))
      : h("p", { class: "quiet" }, "The learner names no observation for it."),
  ].filter(Boolean);
}

// The reply's tokens, each with the observations that it came from, best first. Spans of `why` serve where words do not.
function tokensOf(found, reply) {
  if (Array.isArray(found.words)) return found.words.map((word) => ({ text: word.text ?? "", sources: word.sources ?? [] }));
  const spans = found.sources ?? found.why?.sources ?? [];
  return (reply.match(/[\p{L}\p{N}]+(?:['’]\p{L}+)*|[^\s\p{L}\p{N}]+/gu) ?? []).map((text, i) => ({ text, sources: spans.filter((span) => span.start <= i && i < span.end) }));
}

const joined = (texts) => texts.reduce((line, text) => line + (line && !/^[\s.,!?;:)’']/.test(text) && !/\s$/.test(line) ? " " : "") + text, "").trim();
const gave = (tokens, seq) => joined(tokens.filter((token) => token.sources.some((source) => source.seq === seq)).map((token) => token.text));

// Neighbouring words with the same first source are one thread.
function woven(tokens, known) {
  const runs = [];
  for (const token of tokens) {
    const seq = token.sources[0]?.seq ?? null, last = runs.at(-1);
    if (last && last.seq === seq) last.texts.push(token.text);
    else if (last && seq === null && !token.text.trim()) last.texts.push(token.text);
    else runs.push({ seq, texts: [token.text] });
  }
  return runs.flatMap(({ seq, texts }, i) => {
    const text = joined(texts), gap = i && !/^[.,!?;:)]/.test(text) ? " " : "";
    if (seq === null) return [gap, h("span", {}, text)];
    const { place } = known.get(seq);
    return [gap, h("span", { class: "thread", data: { thread: String(place % 6) } }, text, h("sup", {}, String(place + 1)))];
  });
}
