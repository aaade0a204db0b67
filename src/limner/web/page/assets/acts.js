// What can be done with jobs and pictures.

import { call, newKey, NoAnswer, Problem } from "./api.js";
import { complain, mention, show } from "./notices.js";
import { shortened } from "./words.js";

export class Acts {
  #jobs;
  #keys = new Map(); // of what was asked for again and not answered yet
  #tabs = new BroadcastChannel("limner");

  constructor(jobs) {
    this.#jobs = jobs;
    // No event tells of a job that is gone, so this browser's other tabs are told from here.
    this.#tabs.addEventListener("message", ({ data: jobId }) => jobs.forget(jobId));
  }

  cancel(jobId, button) {
    return this.#once(button, async () => {
      const job = await call("POST", `/jobs/${jobId}/cancel`);
      this.#jobs.put({ ...job, cancelling: true });
    });
  }

  retry(jobId, button) {
    return this.#once(button, async () => this.#jobs.add(await this.#ask(jobId, `/jobs/${jobId}/retry`)));
  }

  /** Removes a job without pictures, and those that it was tried again after. */
  remove(jobId, button) {
    return this.#once(button, async () => {
      for (let id = jobId; id; ) {
        const job = this.#jobs.get(id);
        await call("DELETE", `/jobs/${id}`).catch(unlessGone);
        this.#jobs.forget(id);
        this.#tabs.postMessage(id);
        id = job?.retry_of;
      }
    });
  }

  /** The same picture's settings with another seed; returns the new job, undefined where there is none. */
  again({ id, request }, button) {
    return this.#once(button, async () => {
      const { seed, ...ask } = request;
      const job = await this.#ask(id, "/images", { ...ask, count: 1 });
      this.#jobs.add(job);
      return job;
    });
  }

  /** Under one key until there is an answer: a click after a lost one does not pay twice. */
  async #ask(id, path, body) {
    if (!this.#keys.has(id)) this.#keys.set(id, newKey());
    const job = await call("POST", path, { body, headers: { "Idempotency-Key": this.#keys.get(id) } });
    this.#keys.delete(id);
    return job;
  }

  async deletePicture(job, image) {
    await call("DELETE", `/images/${image.id}`).catch(unlessGone);
    this.#mark(job.id, { ...image, deleted: true });
    show(`Deleted “${shortened(job.request.prompt)}”.`, "Undo", () => this.#restore(job, image));
  }

  async #restore(job, image) {
    try {
      this.#mark(job.id, await call("POST", `/images/${image.id}/restore`));
      mention("It is back.");
    } catch (problem) {
      complain(problem);
    }
  }

  #mark(jobId, image) {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.put({ ...job, images: job.images.map((one) => (one.id === image.id ? image : one)) });
  }

  /** One click is one act; what goes wrong is said. */
  async #once(button, act) {
    if (button.ariaDisabled === "true") return undefined;
    button.ariaDisabled = "true";
    try {
      return await act();
    } catch (problem) {
      if (!(problem instanceof Problem || problem instanceof NoAnswer)) throw problem;
      complain(problem);
      return undefined;
    } finally {
      button.ariaDisabled = null;
    }
  }
}

function unlessGone(problem) {
  if (problem.status !== 404) throw problem;
}
