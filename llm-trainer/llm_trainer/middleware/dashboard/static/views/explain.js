// Where every word of a reply came from: each run of words wears the number of the observation that it was taken from.

import { api } from "../api.js";
import { h } from "../dom.js";
import { plain, trouble } from "../format.js";

/** An element that fills itself with the explanation of one exchange's reply. */
export function explanation(exchange) {
  const root = h("div", { class: "explanation", role: "group", "aria-label": "Where these words came from" }, h("p", { class: "quiet" }, "Asking the learner…"));
  load(exchange).then((found) => root.replaceChildren(...show(found, exchange)), (problem) => root.replaceChildren(...refusal(problem)));
  return root;
}

async function load(exchange) {
  if (exchange.seq === null) throw new Error("The learner did not say under which number it keeps this exchange.");
  return api.get(`/api/cerebrum/explain/${exchange.seq}`);
}

function refusal(problem) {
  const found = trouble(problem);
  return [h("p", { class: "quiet" }, `No explanation: ${found.what}`), found.remedy && h("p", { class: "quiet" }, found.remedy)].filter(Boolean);
}

function show(found, exchange) {
  const why = found.why ?? {};
  const sources = found.sources ?? why.sources ?? [];
  const tokens = tokensOf(found, exchange.reply);
  const seqs = [...new Set(sources.map((source) => source.seq))];
  const facts = [["Way", found.kind ?? why.kind], ["Stage", found.stage ?? exchange.stage], ["Score", found.score ?? why.score],
    ["Surprise", Number.isFinite(exchange.bits) && exchange.characters ? exchange.bits / exchange.characters : null]].filter(([, value]) => value !== undefined && value !== null && value !== "");
  return [
    h("p", { class: "woven" }, woven(tokens, sources, seqs)),
    facts.length ? h("p", { class: "quiet" }, facts.map(([name, value]) => `${name}: ${plain(value)}`).join(" · ")) : null,
    seqs.length
      ? h("ol", { class: "sources" }, seqs.map((seq, i) => {
          const mine = sources.filter((source) => source.seq === seq);
          return h("li", { data: { thread: String(i % 6) } }, h("b", {}, String(i + 1)), h("span", {}, `“${mine[0].text ?? ""}”`, h("small", {}, `observation ${seq}: ${mine.map((source) => wordsOf(tokens, source)).join(", ")}`)));
        }))
      : h("p", { class: "quiet" }, "The learner names no observation for it."),
  ].filter(Boolean);
}

// The reply's tokens, as the learner counts them; where it does not say, words and what is between them.
function tokensOf(found, reply) {
  const given = found.tokens ?? found.words ?? found.why?.tokens;
  if (Array.isArray(given)) return given.map((token) => (typeof token === "string" ? token : token.text ?? ""));
  return reply.match(/[\p{L}\p{N}]+(?:['’]\p{L}+)*|[^\s\p{L}\p{N}]+/gu) ?? [];
}

const wordsOf = (tokens, { start, end }) => tokens.slice(start, end).join(" ").trim();

function woven(tokens, sources, seqs) {
  const parts = [];
  for (let i = 0; i < tokens.length; ) {
    const source = sources.find((candidate) => candidate.start <= i && i < candidate.end);
    const end = source ? Math.min(source.end, tokens.length) : i + 1;
    const text = tokens.slice(i, end).join(" ").replace(/ ([.,!?;:])/g, "$1");
    const place = source ? seqs.indexOf(source.seq) : -1;
    parts.push(source ? h("span", { class: "thread", data: { thread: String(place % 6) } }, text, h("sup", {}, String(place + 1))) : h("span", {}, text), " ");
    i = end;
  }
  return parts;
}
