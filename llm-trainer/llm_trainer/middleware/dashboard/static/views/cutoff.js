// Sessions that a crash cut off: each goes on with one click.

import { api } from "../api.js";
import { fill, h, say } from "../dom.js";
import { count, trouble } from "../format.js";

const SHOWN = 5;

export function cutOff(live) {
  const answer = h("p", { class: "quiet", role: "status" });
  const list = h("ul", { class: "cut-off" });
  const root = h("section", { class: "card", "aria-labelledby": "cut-title", hidden: true }, h("h2", { id: "cut-title" }, "Cut off by a crash"), list, answer);
  async function goOn(id, button) {
    button.disabled = true;
    try {
      await live.command(() => api.post(`/api/sessions/${encodeURIComponent(id)}/resume`));
      live.open(null);
      live.list();
    } catch (problem) {
      const found = trouble(problem);
      say(answer, `${found.what} ${found.remedy}`);
      button.disabled = false;
    }
  }
  return {
    root,
    show(status) {
      const found = status?.running ? [] : live.cutOff.filter((session) => session.status === "interrupted");
      root.hidden = !found.length;
      fill(list, JSON.stringify(found.map((session) => [session.session_id, session.exchanges_completed])), () => found.slice(0, SHOWN).map(({ session_id: id, name, exchanges_completed: done, max_exchanges: most }) =>
        h("li", {}, h("span", {}, `${name ?? id}: ${count(done)} of ${count(most)} exchanges`), h("button", { type: "button", class: "button", onclick: (event) => goOn(id, event.currentTarget) }, "Go on"))));
    },
  };
}
