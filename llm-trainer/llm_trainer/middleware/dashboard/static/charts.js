// Line charts: uPlot draws, the legend beside it is ours and shows the values under the pointer. PNG and CSV on request.

/* global uPlot */
import { download, h, say } from "./dom.js";
import { count } from "./format.js";

export const EXPECTED = [
  { from: 0, to: 50, label: "observes" },
  { from: 50, to: 100, label: "composes" },
  { from: 100, to: 500, label: "more natural" },
  { from: 500, to: Infinity, label: "converses" },
];
const HEIGHT = 240;

/** A colour of the theme, resolved: `name` is a custom property without its dashes. */
export function colour(name, alpha = 1) {
  const probe = document.getElementById("colour-probe") ?? document.body.appendChild(h("i", { id: "colour-probe", hidden: true }));
  probe.style.color = `var(--${name})`;
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}

export class Chart {
  /**
   * `series`: [{label, tone, dash?, format?, hidden?}]; `band`: [upper, lower] places of series to shade between;
   * `guides`: [{at, label}] horizontal lines; `floor`/`ceiling`: fixed ends of the scale;
   * `bridged`: a line goes on where its series has no value of its own.
   */
  constructor({ id, title, note, series, band, guides = [], floor, ceiling, expected = true, bridged = false }) {
    Object.assign(this, { id, title, series, band, guides, floor, ceiling, expected, bridged });
    this.legend = series.map((s) => ({ value: h("b", {}, "–"), series: s }));
    this.where = h("span", { class: "quiet chart-where" });
    this.plot = h("div", { class: "plot", role: "img", "aria-label": title });
    this.root = h("figure", { class: "card chart", id: `chart-${id}` },
      h("figcaption", {}, h("h2", {}, title), this.where, h("span", { class: "chart-tools" }, h("button", { class: "link", type: "button", "aria-label": `${title} as PNG`, onclick: () => this.savePicture() }, "PNG"), h("button", { class: "link", type: "button", "aria-label": `${title} as CSV`, onclick: () => this.saveTable() }, "CSV"))),
      note && h("p", { class: "quiet" }, note),
      h("p", { class: "legend" }, this.legend.map(({ value, series: s }) => s.hidden ? "" : h("span", { class: "legend-item" }, h("i", { class: `swatch tone-${s.tone}${s.dash ? " dashed" : ""}` }), `${s.label} `, value))),
      this.plot);
    this.data = [[], ...series.map(() => [])];
    this.sizes = new ResizeObserver(() => this.#fit());
    this.sizes.observe(this.plot);
    addEventListener("themechange", () => this.#rebuild());
  }

  /** Columns of equal length; `axis` is "exchanges" or "words heard"; `phases` are the expectations on that axis. */
  set(xs, columns, axis = "exchanges", phases = EXPECTED) {
    const axisChanged = axis !== this.axis;
    this.data = [xs, ...columns];
    this.phases = phases;
    this.axis = axis;
    if (!this.chart || axisChanged) this.#rebuild();
    else this.chart.setData(this.data);
    this.#values(null);
    const last = this.series.map((s, i) => (s.hidden ? "" : `${s.label} ${this.#format(s, columns[i].at(-1))}`)).filter(Boolean).join(", ");
    this.plot.setAttribute("aria-label", xs.length ? `${this.title}: at ${axis} ${xs.at(-1)}: ${last}` : `${this.title}: no values yet`);
  }

  #format(series, value) {
    return Number.isFinite(value) ? (series.format ?? count)(value) : "–";
  }

  #values(place) {
    const at = place ?? this.data[0].length - 1;
    const of = (column = []) => (place === null ? column.findLast(Number.isFinite) : column[place]); // each curve's last, where nobody points
    this.legend.forEach(({ value, series }, i) => say(value, this.#format(series, of(this.data[i + 1]))));
    say(this.where, at >= 0 && this.data[0].length ? `at ${count(this.data[0][at])} ${this.axis}` : "");
  }

  #fit() {
    const width = this.plot.clientWidth;
    if (!width) return;
    if (!this.chart) this.#rebuild();
    else if (Math.abs(this.chart.width - width) > 1) this.chart.setSize({ width, height: HEIGHT });
  }

  #rebuild() {
    const width = this.plot.clientWidth;
    if (!width || !this.axis) return;
    this.chart?.destroy();
    const ink = colour("muted"), line = colour("line"), font = "12px 'Atkinson Hyperlegible Next', system-ui, sans-serif";
    const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 }, values: (_, splits) => splits.map((v) => (v === null ? "" : Math.abs(v) >= 1000 ? count(v) : String(+v.toFixed(2)))) };
    this.chart = new uPlot({
      width, height: HEIGHT, legend: { show: false }, padding: [this.expected ? 18 : 8, 18, 0, 0],
      cursor: { points: { size: 7 }, drag: { x: true, y: false } },
      scales: { x: { time: false, range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1)] },
        y: { range: (_, low, high) => [this.floor ?? Math.min(low ?? 0, 0), this.ceiling ?? Math.max(high ?? 1, (this.floor ?? 0) + 0.1) * 1.06] } },
      axes: [{ ...axis, size: 34, label: undefined }, { ...axis, size: 52 }],
      series: [{}, ...this.series.map((s) => ({ label: s.label, stroke: s.hidden ? "transparent" : colour(s.tone), width: 1.8, dash: s.dash, points: { show: false }, spanGaps: this.bridged }))],
      bands: this.band ? [{ series: this.band, fill: colour(this.series[this.band[0] - 1].tone, 0.16) }] : [],
      hooks: { drawClear: [(u) => this.#backdrop(u)], setCursor: [(u) => this.#values(u.cursor.idx ?? null)] },
    }, this.data, this.plot);
  }

  // The brief's phases behind the curves, faint and labelled as expectations; Brown's or other edges as thin lines.
  #backdrop(u) {
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${11 * ratio}px 'Atkinson Hyperlegible Next', system-ui, sans-serif`;
    ctx.textBaseline = "alphabetic";
    ctx.textAlign = "left";
    if (this.expected)
      this.phases.forEach(({ from, to, label }, i) => {
        if (from > u.scales.x.max) return;
        const left = Math.max(bbox.left, u.valToPos(from, "x", true)), right = Math.min(bbox.left + bbox.width, u.valToPos(Math.min(to, u.scales.x.max), "x", true));
        if (right - left < 1) return;
        ctx.fillStyle = colour("accent", i % 2 ? 0.075 : 0.03);
        ctx.fillRect(left, bbox.top, right - left, bbox.height);
        ctx.fillStyle = colour("muted");
        const words = [`expected: ${label}`, label].find((text) => ctx.measureText(text).width < right - left - 6 * ratio);
        if (words) ctx.fillText(words, left + 3 * ratio, bbox.top - 5 * ratio);
      });
    for (const { at, label } of this.guides) {
      if (at < u.scales.y.min || at > u.scales.y.max) continue;
      const y = Math.round(u.valToPos(at, "y", true));
      ctx.strokeStyle = colour("muted", 0.45);
      ctx.setLineDash([2 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillStyle = colour("muted");
      ctx.fillText(label, bbox.left + 4 * ratio, y - 3 * ratio);
    }
    ctx.restore();
  }

  savePicture() {
    if (!this.chart) return;
    const from = this.chart.ctx.canvas, ratio = devicePixelRatio, head = 56 * ratio;
    const canvas = h("canvas", { width: from.width, height: from.height + head });
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = colour("surface");
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    ctx.fillStyle = colour("ink");
    ctx.font = `600 ${16 * ratio}px 'Atkinson Hyperlegible Next', system-ui, sans-serif`;
    ctx.fillText(this.title, 12 * ratio, 22 * ratio);
    ctx.font = `${12 * ratio}px 'Atkinson Hyperlegible Next', system-ui, sans-serif`;
    let x = 12 * ratio;
    for (const s of this.series.filter((each) => !each.hidden)) {
      ctx.fillStyle = colour(s.tone);
      ctx.fillRect(x, 36 * ratio, 14 * ratio, 3 * ratio);
      ctx.fillStyle = colour("muted");
      ctx.fillText(s.label, x + 20 * ratio, 42 * ratio);
      x += ctx.measureText(s.label).width + 40 * ratio;
    }
    ctx.drawImage(from, 0, head);
    canvas.toBlob((blob) => download(`${this.id}.png`, blob, "image/png"));
  }

  saveTable() {
    const cell = (value) => (value === null || value === undefined ? "" : /[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value);
    const head = [this.axis ?? "exchanges", ...this.series.map((s) => s.label)];
    const lines = [head, ...this.data[0].map((x, i) => [x, ...this.data.slice(1).map((column) => column[i])])];
    download(`${this.id}.csv`, lines.map((line) => line.map(cell).join(",")).join("\r\n"), "text/csv");
  }
}
