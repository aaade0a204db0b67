// A picture that is still to come: waiting, then painted before one's eyes.

import { clone, part, say } from "./templates.js";
import { stateInWords } from "./words.js";

export class PaintingTile {
  kind = "painting";
  element = clone("painting-tile");
  lastPreview = "";
  #jobs;
  #index;
  #lead = false;
  #image = this.element.querySelector("img");
  #bar = this.element.querySelector(".bar");
  #cancel = part(this.element, "cancel");

  constructor(item, jobs, acts) {
    this.jobId = item.job.id;
    this.#jobs = jobs;
    this.#index = item.index;
    this.#image.addEventListener("load", () => (this.#image.hidden = false));
    this.#cancel.addEventListener("click", () => acts.cancel(this.jobId, this.#cancel));
  }

  update({ job, lead }) {
    const { prompt } = job.request;
    this.#lead = lead;
    part(this.element, "prompt").textContent = lead ? prompt : "";
    this.#cancel.hidden = !lead;
    this.#cancel.setAttribute("aria-label", `Cancel: ${prompt}`);
    this.#bar.hidden = !lead || job.state !== "running";
    this.#bar.setAttribute("aria-label", `Painting: ${prompt}`);
    this.advance(job);
    this.preview();
  }

  advance(job) {
    const percent = Math.round(job.progress.fraction * 100);
    this.#bar.setAttribute("aria-valuenow", percent);
    this.#bar.firstElementChild.style.transform = `scaleX(${job.progress.fraction})`;
    say(part(this.element, "state"), this.#lead ? stateInWords(job, this.#jobs) : "");
    this.element.classList.toggle("live", job.state === "running" && this.#lead);
  }

  preview() {
    const source = this.#jobs.preview(this.jobId, this.#index);
    if (!source || source === this.lastPreview) return;
    this.#image.src = this.lastPreview = source;
  }

  load() {}

  leave() {}
}
