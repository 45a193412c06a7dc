// 95 % intervals of ratios over a window of exchanges, by moving-block bootstrap: neighbours are alike, so blocks of one
// topic interval are drawn, not exchanges. Chance is seeded by the window's place: the same record, the same band.

export const BLOCK = 10, RESAMPLES = 2000;

/** [lower, upper] of sum(over)/sum(under), one pair for each [over, under] of `ratios`; null where it is not defined. */
export function intervals(rows, ratios, seed) {
  const starts = rows.length - BLOCK + 1;
  if (starts < 1) return ratios.map(() => null);
  const sums = ratios.map((fields) => fields.map((field) => blockSums(rows, field, starts)));
  const draw = mulberry(seed), blocks = Math.round(rows.length / BLOCK), found = ratios.map(() => []);
  const chosen = new Int32Array(blocks);
  for (let sample = 0; sample < RESAMPLES; sample++) {
    for (let i = 0; i < blocks; i++) chosen[i] = Math.floor(draw() * starts);
    sums.forEach(([over, under], r) => {
      let above = 0, below = 0;
      for (const start of chosen) {
        above += over[start];
        below += under[start];
      }
      if (below) found[r].push(above / below);
    });
  }
  return found.map((values) => {
    if (values.length < RESAMPLES / 2) return null;
    const sorted = Float64Array.from(values).sort();
    return [sorted[Math.floor(sorted.length * 0.025)], sorted[Math.floor(sorted.length * 0.975)]];
  });
}

function blockSums(rows, field, starts) {
  const sums = new Float64Array(starts);
  for (let start = 0; start < starts; start++) for (let i = start; i < start + BLOCK; i++) sums[start] += rows[i][field] || 0;
  return sums;
}

/** A small well-known 32-bit generator (mulberry32), 0 ≤ x < 1; ample for drawing samples. */
export function mulberry(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
