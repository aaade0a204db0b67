// What is known of the person's jobs, newest first: the server's truth, as its pages and events tell it.

import { call } from "./api.js";

const PAGE = 60;
const FINAL = new Set(["succeeded", "failed", "cancelled"]);

export const isFinal = (job) => FINAL.has(job.state);

/** Events: `changed` with `{job, before}` (null where it is new or gone), `progress` with the job, `preview` with its key. */
export class Jobs extends EventTarget {
  #known = new Map();
  #ids = []; // ids grow with time, so their order is the jobs'
  #unfinished = new Set();
  #previews = new Map();
  #next = "";
  #loading = null;

  get(id) {
    return this.#known.get(id);
  }

  *newestFirst() {
    for (let at = this.#ids.length - 1; at >= 0; at--) yield this.#known.get(this.#ids[at]);
  }

  /** The newest preview of one picture, as a data URL. */
  preview(jobId, index) {
    return this.#previews.get(`${jobId}/${index}`);
  }

  get allLoaded() {
    return this.#next === null;
  }

  /** Takes in a job that was just asked for; its first event may have been faster than the answer. */
  add(job) {
    if (!this.#known.has(job.id)) this.put(job);
  }

  /** Takes in a job as it is now. */
  put(job) {
    const before = this.#known.get(job.id) ?? null;
    if (before && isFinal(before) && !isFinal(job)) return; // an older answer that came late
    if (before?.cancelling) job.cancelling = true;
    if (!before) this.#insert(job.id);
    this.#remember(job);
    this.#tell("changed", { job, before });
  }

  #remember(job) {
    this.#known.set(job.id, job);
    if (!isFinal(job)) {
      this.#unfinished.add(job.id);
      return;
    }
    this.#unfinished.delete(job.id);
    for (let index = 0; index < job.request.count; index++) this.#previews.delete(`${job.id}/${index}`);
  }

  /** How many of the person's jobs come before this one. */
  before(job) {
    return [...this.#unfinished].filter((id) => id < job.id).length;
  }

  #insert(id) {
    let at = this.#ids.length;
    while (at > 0 && this.#ids[at - 1] > id) at--;
    this.#ids.splice(at, 0, id);
  }

  forget(id) {
    const before = this.#known.get(id);
    if (!before) return;
    this.#known.delete(id);
    this.#unfinished.delete(id);
    this.#ids.splice(this.#ids.indexOf(id), 1);
    this.#tell("changed", { job: null, before });
  }

  /** Takes in a progress event. */
  advance({ job_id, ...progress }) {
    const job = this.#known.get(job_id);
    if (!job || isFinal(job)) return;
    job.progress = progress;
    this.#tell("progress", job);
  }

  /** Takes in a preview event. */
  show({ job_id, index, image }) {
    const job = this.#known.get(job_id);
    if (!job || isFinal(job)) return;
    this.#previews.set(`${job_id}/${index}`, image);
    this.#tell("preview", `${job_id}/${index}`);
  }

  /** Loads the page after those that are known; what events told already is newer and stays. */
  loadMore() {
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load() {
    if (this.#next === null) return;
    const cursor = this.#next && `&cursor=${encodeURIComponent(this.#next)}`;
    const page = await call("GET", `/jobs?limit=${PAGE}${cursor}`);
    this.#next = page.next;
    const fresh = page.items.filter((job) => !this.#known.has(job.id));
    fresh.forEach((job) => this.#remember(job));
    this.#ids = [...this.#ids, ...fresh.map((job) => job.id)].sort();
    this.#tell("loaded");
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
