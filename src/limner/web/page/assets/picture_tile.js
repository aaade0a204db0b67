// A finished picture: its colour and shape at once, its thumbnail when the scrolling settles.

import { pictureAddress, thumbnailAddress } from "./address.js";
import { clone, part } from "./templates.js";

export class PictureTile {
  kind = "picture";
  element = clone("picture-tile");
  #image = this.element.querySelector("img");
  #wanted = "";

  constructor(item, jobs, acts) {
    this.jobId = item.job.id;
    this.#image.addEventListener("load", () => this.element.classList.add("seen"));
    this.element.addEventListener("click", (event) => acts.open(event, item.image.id));
  }

  update({ job, image }, { width, height }) {
    const { prompt } = job.request;
    this.element.href = pictureAddress(image.id);
    this.element.style.backgroundColor = image.color;
    this.#image.alt = prompt;
    part(this.element, "prompt").textContent = prompt;
    this.#wanted = thumbnailAddress(image, Math.max(width, height));
  }

  load() {
    if (this.#image.getAttribute("src") !== this.#wanted) this.#image.src = this.#wanted;
  }

  /** The last preview stays until the picture itself can be seen. */
  follow(before) {
    if (before.lastPreview) this.element.style.backgroundImage = `url("${before.lastPreview}")`;
  }

  /** A thumbnail that nobody waits for any more is not fetched. */
  leave() {
    this.#image.removeAttribute("src");
  }
}
