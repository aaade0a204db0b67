// A job that ended without a picture: why, and what can be done.

import { clone, part, say } from "./templates.js";

export class UnpaintedTile {
  kind = "unpainted";
  element = clone("unpainted-tile");

  constructor(item, jobs, acts) {
    this.jobId = item.job.id;
    for (const name of ["retry", "remove"]) {
      const button = part(this.element, name);
      button.addEventListener("click", () => acts[name](this.jobId, button));
    }
  }

  update({ job }) {
    const title = job.error?.title ?? "Cancelled";
    const { prompt } = job.request;
    this.element.setAttribute("aria-label", `${title}: ${prompt}`);
    part(this.element, "title").textContent = title;
    part(this.element, "prompt").textContent = prompt;
    say(part(this.element, "detail"), job.error?.detail ?? "");
  }

  load() {}

  leave() {}
}
