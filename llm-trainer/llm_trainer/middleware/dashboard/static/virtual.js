// A list of any length with rows of any height: only what can be seen is in the document.
// Laws: a row keeps its element while it is visible; when heights above the view turn out different, the view stays.

const SPARE = 6;

export class VirtualList {
  /** `render(number)` makes the element of row `number` (1-based); `signature(number)` tells when it must be made anew. */
  constructor(scroller, { render, signature, estimate = 84 }) {
    Object.assign(this, { scroller, render, signature, estimate });
    this.body = document.createElement("div");
    this.body.className = "virtual";
    scroller.append(this.body);
    this.count = 0;
    this.heights = new Float32Array(256).fill(estimate);
    this.offsets = new Float64Array(257);
    this.exact = 0; // offsets[0..exact] are right
    this.rows = new Map();
    this.following = true;
    this.sizes = new ResizeObserver((entries) => this.#resized(entries));
    this.sizes.observe(scroller);
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    scroller.addEventListener("wheel", (event) => event.deltaY < 0 && this.#release(), { passive: true });
    scroller.addEventListener("touchmove", () => this.#release(), { passive: true });
    scroller.addEventListener("keydown", (event) => ["ArrowUp", "PageUp", "Home"].includes(event.key) && this.#release());
  }

  setCount(count) {
    if (count < this.count) this.#clear();
    if (count > this.heights.length) {
      const heights = new Float32Array(count * 2).fill(this.estimate), offsets = new Float64Array(count * 2 + 1);
      heights.set(this.heights);
      offsets.set(this.offsets);
      Object.assign(this, { heights, offsets });
    }
    this.count = count;
    this.layout();
  }

  #clear() {
    for (const row of this.rows.values()) this.#drop(row);
    this.rows.clear();
    this.heights.fill(this.estimate);
    this.exact = 0;
  }

  #drop(row) {
    this.sizes.unobserve(row.element);
    row.element.remove();
  }

  /** Pixels above row `number`. */
  #offset(number) {
    for (; this.exact < number - 1; this.exact++) this.offsets[this.exact + 1] = this.offsets[this.exact] + this.heights[this.exact];
    return this.offsets[number - 1];
  }

  #at(pixels) {
    this.#offset(this.count + 1);
    let low = 0, high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.offsets[middle + 1] <= pixels) low = middle + 1;
      else high = middle;
    }
    return Math.min(this.count, low + 1);
  }

  /** Bring the document in line with the scroll position and the rows' signatures. */
  layout() {
    const { scroller, body } = this, view = scroller.clientHeight;
    if (!view) return;
    const total = this.count ? this.#offset(this.count + 1) : 0;
    body.style.height = `${total}px`;
    if (this.following) this.#move(total - view);
    const first = Math.max(1, this.#at(scroller.scrollTop) - SPARE);
    const last = Math.min(this.count, this.#at(scroller.scrollTop + view) + SPARE);
    for (const [number, row] of this.rows)
      if (number < first || number > last) {
        if (row.element.contains(document.activeElement)) continue;
        this.#drop(row);
        this.rows.delete(number);
      }
    let fresh = false;
    for (let number = first; number <= last; number++) fresh = this.#ensure(number) || fresh;
    if (fresh && this.#measure()) return this.layout();
    for (const [number, row] of this.rows) row.element.style.transform = `translateY(${this.#offset(number)}px)`;
  }

  #ensure(number) {
    const row = this.rows.get(number), signature = this.signature(number);
    if (row?.signature === signature) return false;
    const element = this.render(number);
    element.classList.add("virtual-row");
    if (row) {
      this.sizes.unobserve(row.element);
      row.element.replaceWith(element);
    } else this.body.insertBefore(element, this.#next(number));
    this.rows.set(number, { element, signature });
    this.sizes.observe(element);
    return true;
  }

  // The document keeps the rows in their order, for readers that go by it.
  #next(number) {
    let best = Infinity;
    for (const other of this.rows.keys()) if (other > number && other < best) best = other;
    return this.rows.get(best)?.element ?? null;
  }

  /** Read heights of the rows in the document; true if any differed. */
  #measure() {
    const { scroller } = this;
    let changed = false, shift = 0;
    for (const [number, { element }] of this.rows) {
      const height = element.offsetHeight, before = this.heights[number - 1];
      if (!height || Math.abs(height - before) < 0.5) continue;
      if (this.#offset(number) + before <= scroller.scrollTop + 1) shift += height - before;
      this.heights[number - 1] = height;
      this.exact = Math.min(this.exact, number - 1);
      changed = true;
    }
    if (changed) {
      this.body.style.height = `${this.#offset(this.count + 1)}px`;
      if (shift && !this.following) this.#move(scroller.scrollTop + shift);
    }
    return changed;
  }

  #resized() {
    if (this.#measure() || this.following) this.layout();
    else this.layout();
  }

  #move(top) {
    const wanted = Math.max(0, Math.round(top));
    if (Math.abs(this.scroller.scrollTop - wanted) < 1) return;
    this.moved = wanted;
    this.scroller.scrollTop = wanted;
  }

  #release() {
    if (!this.following) return;
    this.following = false;
    this.onfollow?.(false);
  }

  #scrolled() {
    const { scroller } = this;
    const atEnd = scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 24;
    if (scroller.scrollTop !== this.moved && atEnd !== this.following) {
      this.following = atEnd;
      this.onfollow?.(atEnd);
    }
    this.layout();
  }

  follow() {
    this.following = true;
    this.onfollow?.(true);
    this.layout();
  }

  /** Show row `number` at the upper third of the view. */
  scrollTo(number) {
    this.#release();
    const target = Math.max(1, Math.min(this.count, number));
    for (let pass = 0; pass < 3; pass++) {
      this.#move(this.#offset(target) - this.scroller.clientHeight / 3);
      this.layout();
    }
  }
}
