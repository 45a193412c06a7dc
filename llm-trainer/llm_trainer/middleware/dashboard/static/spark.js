// A line the size of a word: no axes, no numbers, hidden from screen readers, for which the numbers stand beside it.

const SPACE = "http://www.w3.org/2000/svg";

export function spark(values, width = 160, height = 34) {
  const svg = document.createElementNS(SPACE, "svg");
  svg.setAttribute("class", "spark");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const known = values.filter(Number.isFinite);
  if (known.length > 1) {
    const low = Math.min(...known), span = Math.max(...known) - low || 1;
    const place = (value, i) => `${((i / (values.length - 1)) * width).toFixed(1)},${(height - 3 - ((value - low) / span) * (height - 6)).toFixed(1)}`;
    const line = document.createElementNS(SPACE, "polyline");
    line.setAttribute("points", values.map((value, i) => (Number.isFinite(value) ? place(value, i) : null)).filter(Boolean).join(" "));
    svg.append(line);
  }
  return svg;
}
