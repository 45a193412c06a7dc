// Conversation: the transcript as a parallel text, teacher on the left page, learner on the right; why it said so; and
// a place to talk with the learner by hand.

import { fill, h, icon, oncePerFrame, say } from "../dom.js";
import { clock, count, plain } from "../format.js";
import { VirtualList } from "../virtual.js";
import { explanation } from "./explain.js";
import { talkPanel } from "./talk.js";

export const title = "Conversation";
export const symbol = "M4 4h16v12H9l-5 4zM6 6v10l2.3-2H18V6zM8 8h8v1.6H8zM8 11h6v1.6H8z";

export function mount(root, live) {
  const search = h("input", { type: "search", id: "search", placeholder: "Search", autocomplete: "off", "aria-label": "Search the transcript" });
  const found = h("span", { class: "found", role: "status" });
  const step = (label, by, path) => h("button", { type: "button", class: "icon-button", "aria-label": label, onclick: () => hop(by) }, icon(path, 18));
  const jump = h("input", { type: "number", id: "jump", min: "1", placeholder: "No.", "aria-label": "Jump to exchange", inputmode: "numeric" });
  const end = h("button", { type: "button", class: "button to-end", hidden: true, onclick: () => list.follow() }, "To the latest");
  const talk = talkPanel(live);
  const toggle = h("button", { type: "button", class: "button", "aria-expanded": "false", "aria-controls": "talk", onclick: () => showTalk(talk.root.hidden) }, "Talk by hand");
  const scroller = h("div", { class: "transcript", tabindex: "0", role: "region", "aria-label": "Transcript" });
  const empty = h("p", { class: "empty" });
  root.append(
    h("div", { class: "conversation-head" }, h("h1", {}, "Conversation"),
      h("form", { class: "tools", role: "search", onsubmit: (event) => event.preventDefault() },
        search, step("Previous match", -1, "M12 8l7 7-1.4 1.4L12 10.8l-5.6 5.6L5 15z"), step("Next match", 1, "M12 16l-7-7 1.4-1.4 5.6 5.6 5.6-5.6L19 9z"), found, jump, h("button", { class: "button", type: "button", onclick: leap }, "Go")),
      toggle),
    h("div", { class: "conversation-body" }, h("div", { class: "pages" }, h("div", { class: "page-heads", "aria-hidden": "true" }, h("span", {}, "Teacher"), h("span", {}, "Learner")), empty, scroller, end), talk.root));

  const open = new Map(); // exchange number → explanation element
  let matches = [], match = -1, needle = "", marked = 0, awaited = 0;

  const list = new VirtualList(scroller, {
    estimate: innerWidth < 832 ? 72 : 42,
    signature: (number) => {
      const exchange = live.transcript.get(number);
      return `${live.transcript.session}|${live.transcript.holes.has(number)}|${exchange ? exchange.reply.length + exchange.outcome : "?"}|${needle}|${open.has(number)}|${marked === number}|${notesAt(number).length}`;
    },
    render,
  });
  list.onfollow = (following) => (end.hidden = following || !list.count);

  function notesAt(number) {
    return live.notes.filter((note) => note.type === "note" && note.at === number);
  }

  function render(number) {
    const exchange = live.transcript.get(number);
    if (live.transcript.holes.has(number)) return h("article", { class: "exchange missing" }, h("span", { class: "number" }, count(number)), h("p", { class: "quiet" }, "Drafted, but never taught."));
    if (!exchange) {
      live.transcript.want(number).then((came) => came && refresh());
      return h("article", { class: "exchange missing" }, h("span", { class: "number" }, count(number)), h("p", { class: "quiet" }, "…"));
    }
    const before = live.transcript.get(number - 1);
    const turned = exchange.topic && exchange.topic !== before?.topic;
    const doubt = ["uncertain", "failed", "refused"].includes(exchange.outcome) ? exchange.outcome : "";
    const ask = exchange.reply && h("button", { type: "button", class: "why", "aria-expanded": String(open.has(number)), "aria-label": `why? The words of reply ${number}`, onclick: () => explain(number) }, "why?");
    return h("article", { class: `exchange${marked === number ? " marked" : ""}`, "aria-label": `Exchange ${number}` },
      turned && h("h2", { class: "topic-mark" }, exchange.topic),
      h("span", { class: "number", title: clock(exchange.timestamp) }, count(number)),
      h("p", { class: "said" }, highlighted(exchange.said || "–")),
      h("p", { class: "reply" }, exchange.reply ? highlighted(exchange.reply) : h("span", { class: "silence" }, "silence"), " ", ask),
      doubt && h("p", { class: "note" }, doubt === "uncertain" ? "Uncertain: the learner may or may not have heard this; it is not repeated." : `This exchange ${doubt}.`),
      notesAt(number).map((note) => h("p", { class: "note" }, noteText(note.body))),
      open.get(number));
  }

  function highlighted(text) {
    if (!needle) return [text];
    const parts = [], low = text.toLowerCase(), wanted = needle.toLowerCase();
    let from = 0;
    for (let at = low.indexOf(wanted); at >= 0 && low.length === text.length; at = low.indexOf(wanted, from)) {
      parts.push(text.slice(from, at), h("mark", {}, text.slice(at, at + wanted.length)));
      from = at + wanted.length;
    }
    return [...parts, text.slice(from)];
  }

  function explain(number) {
    if (open.has(number)) open.delete(number);
    else open.set(number, explanation(live.transcript.get(number), live.status?.learner_name));
    list.layout();
    list.rows.get(number)?.element.querySelector(".why")?.focus();
  }

  function searchNow() {
    needle = search.value.trim();
    matches = needle ? live.transcript.find(needle) : [];
    match = -1;
    say(found, needle ? `${count(matches.length)} found` : "");
    list.layout();
  }

  // What comes while somebody searches is searched too.
  let searchAgain = 0;
  function goOnSearching() {
    if (!needle || searchAgain) return;
    searchAgain = setTimeout(() => {
      searchAgain = 0;
      const at = matches[match];
      matches = live.transcript.find(needle);
      match = matches.indexOf(at);
      say(found, match < 0 ? `${count(matches.length)} found` : `${match + 1} of ${count(matches.length)}`);
    }, 400);
  }

  function hop(by) {
    if (search.value.trim() !== needle) searchNow();
    if (!matches.length) return;
    match = match < 0 ? (by > 0 ? 0 : matches.length - 1) : (match + by + matches.length) % matches.length;
    say(found, `${match + 1} of ${count(matches.length)}`);
    point(matches[match]);
  }

  function leap() {
    const number = Number(jump.value);
    if (Number.isInteger(number) && number > 0) point(live.loaded ? Math.min(number, list.count) : number);
  }

  function point(number) {
    awaited = number > list.count && !live.loaded ? number : 0;
    marked = number;
    if (!awaited) list.scrollTo(number);
  }

  function showTalk(wanted) {
    talk.root.hidden = !wanted;
    toggle.setAttribute("aria-expanded", String(wanted));
    list.layout();
    if (wanted) talk.focus();
  }

  const refresh = () => {
    if (!root.isConnected) return;
    list.setCount(live.transcript.last);
    if (awaited && awaited <= list.count) point(awaited);
    goOnSearching();
    fill(empty, `${live.transcript.last > 0}${live.loaded}${live.problem?.message}`, () => {
      if (live.transcript.last > 0) return [];
      return live.problem ? plain(live.problem.message) : live.loaded ? "Nothing has been said yet. Start a session, or talk with the learner by hand." : "Fetching the transcript…";
    });
    empty.hidden = live.transcript.last > 0;
  };
  let typing = 0;
  search.addEventListener("input", () => (clearTimeout(typing), (typing = setTimeout(searchNow, 120))));
  search.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), hop(event.shiftKey ? -1 : 1)));
  jump.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), leap()));
  live.addEventListener("exchanges", oncePerFrame(refresh));
  live.addEventListener("session", () => {
    open.clear();
    marked = 0;
    list.setCount(0);
    list.following = true;
    refresh();
  });
  return {
    show([number, session]) {
      if (session) live.open(session);
      refresh();
      if (number) point(Number(number));
    },
  };
}

function noteText(body) {
  const kind = body.kind ?? body.code ?? body.class;
  const text = body.text ?? body.detail ?? body.message ?? body.reason ?? plain(body);
  return [kind, text, body.remedy].filter((part) => part && part !== text || part === text).filter((part, i, all) => all.indexOf(part) === i).join(" · ");
}
