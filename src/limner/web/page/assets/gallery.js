// The gallery: of ten thousand pictures only those near the window are in the document.

import { hangings } from "./hangings.js";
import { hang } from "./rows.js";
import { clone } from "./templates.js";
import { makeTile } from "./tiles.js";

const SETTLED = 120; // ms without scrolling after which pictures are fetched

export class Gallery {
  #list = document.getElementById("gallery");
  #nothing = document.getElementById("nothing");
  #jobs;
  #acts;
  #items = [];
  #boxes = [];
  #places = new Map();
  #cells = new Map();
  #width = 0;
  #scrolled = 0;
  #drawing = 0;
  #stale = true;

  /** `acts` are what tiles can do: open, cancel, retry, remove. */
  constructor(jobs, acts) {
    this.#jobs = jobs;
    this.#acts = acts;
    for (const name of ["changed", "loaded"]) jobs.addEventListener(name, () => this.#draw(true));
    jobs.addEventListener("progress", ({ detail: job }) => this.#tilesOf(job.id).forEach((tile) => tile.advance(job)));
    jobs.addEventListener("preview", ({ detail: key }) => this.#cells.get(key)?.tile.preview?.());
    addEventListener("scroll", () => this.#scroll(), { passive: true });
    new ResizeObserver(() => this.#draw(true)).observe(this.#list);
    addEventListener("resize", () => this.#draw(false));
    this.#list.addEventListener("keydown", (event) => this.#walk(event));
    this.#list.addEventListener("focusin", () => this.#draw(false));
  }

  /** The pictures, newest first. */
  get pictures() {
    return this.#items.filter((item) => item.kind === "picture");
  }

  /** Brings a picture into view and the focus to it. */
  focusOn(imageId) {
    this.#render();
    this.#focusAt(this.#items.findIndex((item) => item.image?.id === imageId));
  }

  focusOnJob(jobId) {
    this.#render();
    this.#focusAt(this.#items.findIndex((item) => item.job.id === jobId));
  }

  #draw(stale) {
    this.#stale ||= stale;
    this.#drawing ||= requestAnimationFrame(() => this.#render());
  }

  #scroll() {
    this.#scrolled = performance.now();
    this.#draw(false);
  }

  #render() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    if (this.#stale || this.#list.clientWidth !== this.#width) this.#hang();
    const [first, end] = this.#near();
    this.#leave(first, end);
    for (let at = first; at < end; at++) this.#show(at);
    this.#fetchMore(end);
    if (this.#isFast()) setTimeout(() => this.#draw(false), SETTLED);
  }

  #isFast() {
    return performance.now() - this.#scrolled < SETTLED;
  }

  /** Works out anew where everything hangs; what the person is looking at stays where it is. */
  #hang() {
    const anchor = this.#anchor();
    this.#stale = false;
    this.#width = this.#list.clientWidth;
    this.#items = hangings(this.#jobs);
    this.#places = new Map(this.#items.map((item, at) => [item.key, at]));
    const { boxes, height } = hang(this.#items.map((item) => item.shape), this.#width);
    this.#boxes = boxes;
    this.#list.style.height = `${height}px`;
    this.#nothing.hidden = this.#items.length > 0 || !this.#jobs.allLoaded;
    if (anchor) this.#keepInPlace(anchor);
  }

  /** The first item in view, where the gallery's head is out of it. */
  #anchor() {
    const top = this.#top();
    if (top <= 0) return null;
    const at = this.#boxes.findIndex((box) => box.top + box.height > top);
    return at < 0 ? null : { key: this.#items[at].key, from: this.#boxes[at].top - top };
  }

  #keepInPlace({ key, from }) {
    const at = this.#places.get(key);
    const moved = at === undefined ? 0 : this.#boxes[at].top - this.#top() - from;
    if (moved) scrollBy({ top: moved, behavior: "instant" });
  }

  /** How far the gallery's head is above the window's. */
  #top() {
    return -this.#list.getBoundingClientRect().top;
  }

  /** The range of items within a window's height of the window. */
  #near() {
    const top = this.#top();
    const first = this.#boxes.findIndex((box) => box.top + box.height > top - innerHeight);
    if (first < 0) return [0, 0];
    let end = first;
    while (end < this.#boxes.length && this.#boxes[end].top < top + 2 * innerHeight) end++;
    return [first, end];
  }

  /** What is far away leaves the document, but for what holds the focus. */
  #leave(first, end) {
    for (const [key, { cell, tile }] of this.#cells) {
      const at = this.#places.get(key) ?? -1;
      const held = at >= 0 && cell.contains(document.activeElement);
      if ((at >= first && at < end) || held) continue;
      this.#cells.delete(key);
      if (cell.contains(document.activeElement)) document.getElementById("prompt").focus({ preventScroll: true });
      tile.leave();
      cell.remove();
    }
  }

  #show(at) {
    const item = this.#items[at];
    const known = this.#cells.get(item.key) ?? { cell: clone("cell"), tile: null };
    this.#cells.set(item.key, known);
    if (known.tile?.kind !== item.kind) this.#change(known, item);
    if (known.item !== item) this.#update(known, item, at);
    if (!this.#isFast()) known.tile.load();
    this.#insert(known.cell, at);
  }

  #update(known, item, at) {
    known.item = item;
    place(known.cell, this.#boxes[at]);
    known.cell.setAttribute("aria-posinset", at + 1);
    known.cell.setAttribute("aria-setsize", this.#jobs.allLoaded ? this.#items.length : -1);
    known.tile.update(item, this.#boxes[at]);
  }

  /** Another kind of tile takes the cell: a picture that is done, a job that ended without one. */
  #change(known, item) {
    const hadFocus = known.cell.contains(document.activeElement);
    const before = known.tile;
    known.tile = makeTile(item, this.#jobs, this.#acts);
    known.cell.replaceChildren(known.tile.element);
    if (before) known.tile.follow?.(before);
    before?.leave();
    if (hadFocus) focusable(known.cell)?.focus({ preventScroll: true });
  }

  /** In reading order, without moving what is in its place already. */
  #insert(cell, at) {
    const before = at > 0 ? this.#cells.get(this.#items[at - 1].key)?.cell : null;
    const wanted = before?.isConnected ? before.nextSibling : this.#list.firstChild;
    if (wanted === cell) return;
    // Moving what holds the focus takes it away, but for browsers that can move.
    const move = cell.isConnected && "moveBefore" in this.#list ? "moveBefore" : "insertBefore";
    this.#list[move](cell, wanted);
  }

  #fetchMore(end) {
    const near = end > this.#items.length - 40;
    if (near && !this.#jobs.allLoaded) this.#jobs.loadMore().catch(() => {}); // the stream tells that nobody answers
  }

  #tilesOf(jobId) {
    return [...this.#cells.values()].map(({ tile }) => tile).filter((tile) => tile.jobId === jobId && tile.advance);
  }

  /** Arrow keys go from picture to picture, up and down to the nearest one. */
  #walk(event) {
    const [key] = [...this.#cells].find(([, { cell }]) => cell.contains(event.target)) ?? [];
    const at = this.#places.get(key);
    const to = at === undefined ? undefined : this.#neighbour(at, event.key);
    if (to === undefined) return;
    event.preventDefault();
    this.#focusAt(to);
  }

  #neighbour(at, key) {
    switch (key) {
      case "ArrowLeft":
        return at - 1;
      case "ArrowRight":
        return at + 1;
      case "ArrowUp":
      case "ArrowDown":
        return this.#nearestInRow(at, key === "ArrowUp" ? -1 : 1);
      default:
        return undefined;
    }
  }

  #nearestInRow(at, step) {
    const middle = ({ left, width }) => left + width / 2;
    let row = at;
    while (this.#boxes[row] && this.#boxes[row].top === this.#boxes[at].top) row += step;
    let best = row;
    for (let one = row; this.#boxes[one]?.top === this.#boxes[row]?.top && this.#boxes[one]; one += step) {
      const isNearer = Math.abs(middle(this.#boxes[one]) - middle(this.#boxes[at])) < Math.abs(middle(this.#boxes[best]) - middle(this.#boxes[at]));
      if (isNearer) best = one;
    }
    return best;
  }

  #focusAt(at) {
    const box = this.#boxes[at];
    if (!box) return;
    const top = this.#top();
    if (box.top < top) scrollBy({ top: box.top - top - 24, behavior: "instant" });
    if (box.top + box.height > top + innerHeight) scrollBy({ top: box.top + box.height - top - innerHeight + 24, behavior: "instant" });
    this.#render();
    focusable(this.#cells.get(this.#items[at]?.key)?.cell)?.focus({ preventScroll: true });
  }
}

function place(cell, { top, left, width, height }) {
  cell.style.transform = `translate(${left}px, ${top}px)`;
  cell.style.width = `${width}px`;
  cell.style.height = `${height}px`;
}

function focusable(cell) {
  return cell?.querySelector("a, button:not([hidden])");
}
