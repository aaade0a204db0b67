// One picture, large, with all that is known of it.

import { base, home, pictureAddress, pictureIn, thumbnailAddress } from "./address.js";
import { call } from "./api.js";
import { complain, mention } from "./notices.js";
import { clone, say } from "./templates.js";
import { bytesInWords, dateInWords, nameInWords, shortened } from "./words.js";

const FORMATS = { png: "PNG", jpeg: "JPEG", webp: "WebP" };
const at = (id) => document.getElementById(id);

export class PictureView {
  #view = at("picture");
  #page = at("page");
  #jobs;
  #gallery;
  #acts;
  #shown = null;

  /** `startFrom(ask)` shows an ask in the form. */
  constructor(jobs, gallery, acts, startFrom) {
    this.#jobs = jobs;
    this.#gallery = gallery;
    this.#acts = acts;
    addEventListener("popstate", () => this.follow());
    addEventListener("keydown", (event) => this.#key(event));
    for (const name of ["changed", "loaded"]) jobs.addEventListener(name, () => this.#refresh());
    for (const id of ["previous", "next"]) at(id).addEventListener("click", (event) => isPlain(event) && this.#step(event, at(id)));
    at("close").addEventListener("click", (event) => isPlain(event) && (event.preventDefault(), this.close()));
    at("again").addEventListener("click", () => this.#again());
    at("start-from").addEventListener("click", () => this.#startFrom(startFrom));
    at("copy").addEventListener("click", () => this.#copy());
    at("delete").addEventListener("click", () => this.#delete());
  }

  /** From the gallery. */
  open(event, imageId) {
    if (!isPlain(event)) return;
    event.preventDefault();
    history.pushState({ within: true }, "", pictureAddress(imageId));
    this.follow();
  }

  /** Shows what the address says. */
  async follow() {
    const imageId = pictureIn(location.pathname);
    if (!imageId) return this.#hide();
    const found = this.#find(imageId) ?? (await this.#fetch(imageId));
    if (pictureIn(location.pathname) !== imageId) return;
    if (found) this.#show(found);
    else this.#leave();
  }

  close() {
    if (history.state?.within) return history.back();
    this.#leave();
  }

  #leave() {
    history.replaceState(null, "", home);
    this.#hide();
  }

  #find(imageId) {
    return this.#gallery.pictures.find(({ image }) => image.id === imageId);
  }

  /** A picture that the gallery has not come to yet. */
  async #fetch(imageId) {
    try {
      const image = await call("GET", `/images/${encodeURIComponent(imageId)}`);
      return { image, job: await call("GET", `/jobs/${image.job_id}`) };
    } catch (problem) {
      complain(problem);
      return null;
    }
  }

  #show({ job, image }) {
    const isNew = this.#shown?.image.id !== image.id;
    this.#shown = { job, image };
    if (isNew) this.#hang(job, image);
    this.#describe(job, image);
    this.#neighbours();
    if (this.#view.hidden) this.#reveal();
  }

  #reveal() {
    this.#view.hidden = false;
    this.#page.inert = true;
    document.documentElement.classList.add("still");
    this.#view.focus();
  }

  #hide() {
    if (this.#view.hidden) return;
    this.#view.hidden = true;
    this.#page.inert = false;
    document.documentElement.classList.remove("still");
    document.title = "Limner";
    this.#gallery.focusOn(this.#shown.image.id);
    this.#shown = null;
  }

  #hang(job, image) {
    const shown = at("picture-image");
    shown.removeAttribute("src");
    shown.style.backgroundColor = image.color;
    shown.style.backgroundImage = `url("${thumbnailAddress(image, 512)}")`;
    shown.width = image.width;
    shown.height = image.height;
    shown.alt = job.request.prompt;
    shown.src = `${base}/images/${image.id}/content?redirect=false`;
    this.#view.scrollTop = 0;
    at("copied").hidden = true;
  }

  #describe(job, image) {
    document.title = `${shortened(job.request.prompt)} – Limner`;
    at("picture-prompt").textContent = job.request.prompt;
    at("notes").replaceChildren(...remarks(job).map((remark) => filled("note", remark)));
    at("settings").replaceChildren(...settings(job, image).map(([name, value]) => settingRow(name, value)));
    at("downloads").replaceChildren(...Object.keys(FORMATS).map((format) => download(image, format)));
  }

  /** What happened meanwhile: the picture went, or others came beside it. */
  #refresh() {
    if (!this.#shown) return;
    requestAnimationFrame(() => {
      if (!this.#shown) return;
      const { job, image } = this.#shown;
      const known = this.#jobs.get(job.id);
      if (known?.images.find((one) => one.id === image.id)?.deleted) return this.#leave();
      if (known) this.#shown.job = known;
      this.#neighbours();
    });
  }

  #neighbours() {
    const pictures = this.#gallery.pictures;
    const here = pictures.findIndex(({ image }) => image.id === this.#shown.image.id);
    link(at("previous"), here > 0 ? pictures[here - 1] : null);
    link(at("next"), here >= 0 ? pictures[here + 1] : null);
    if (here > pictures.length - 5) this.#jobs.loadMore().catch(() => {});
  }

  #step(event, to) {
    event.preventDefault();
    if (!to.getAttribute("href")) return;
    history.replaceState(history.state, "", to.href);
    this.follow();
  }

  #key(event) {
    if (!this.#shown || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") this.close();
    if (event.target.closest("input, textarea, select")) return;
    if (event.key === "ArrowLeft") this.#step(event, at("previous"));
    if (event.key === "ArrowRight") this.#step(event, at("next"));
  }

  async #again() {
    const job = await this.#acts.again(this.#shown.job, at("again"));
    if (!job) return;
    this.#leave();
    scrollTo({ top: 0, behavior: "instant" });
    this.#gallery.focusOnJob(job.id);
  }

  #startFrom(fill) {
    const { job, image } = this.#shown;
    this.#leave();
    fill({ ...job.request, seed: image.seed, count: 1 });
  }

  async #delete() {
    const { job, image } = this.#shown;
    const pictures = this.#gallery.pictures;
    const here = pictures.findIndex((one) => one.image.id === image.id);
    const beside = pictures[here + 1] ?? pictures[here - 1];
    await this.#acts.deletePicture(job, image).then(() => this.#goOn(beside), complain);
  }

  #goOn(beside) {
    if (!beside) return this.#leave();
    history.replaceState(history.state, "", pictureAddress(beside.image.id));
    this.follow();
  }

  async #copy() {
    const { id } = this.#shown.image;
    try {
      const { signed_url } = await call("GET", `/images/${id}`);
      at("link").value = new URL(signed_url, location.href).href;
    } catch (problem) {
      return complain(problem);
    }
    at("copied").hidden = false;
    at("link").select();
    // Pages on plain HTTP may not write the clipboard; then the link is there to be copied.
    await navigator.clipboard?.writeText(at("link").value).then(() => mention("The link is copied."), () => {});
  }
}

function isPlain(event) {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

function filled(template, text) {
  const element = clone(template);
  element.textContent = text;
  return element;
}

function link(element, item) {
  element.hidden = !item;
  if (item) element.href = pictureAddress(item.image.id);
  else element.removeAttribute("href");
}

function remarks(job) {
  const missing = job.error ? [`${job.images.length} of ${job.request.count} were painted. ${job.error.title}: ${job.error.detail}`] : [];
  return [...job.notes.map((note) => note.detail), ...missing];
}

function settings({ request, created_at }, image) {
  const own = Object.entries(request.options).map(([name, value]) => [nameInWords(name), inWords(value)]);
  const rows = [
    ["Model", request.model],
    ["Size", `${image.width} × ${image.height}`],
    ["Seed", image.seed],
    ...own,
    ["Leave out", request.negative_prompt],
    ["Steps", request.steps],
    ["Guidance", request.guidance],
    ["Started from", request.inputs.map(({ role }) => role).join(", ") || null],
    ["Strength", request.strength],
    ["File", `${FORMATS[image.format]}, ${bytesInWords(image.bytes)}`],
    ["Asked for", dateInWords(created_at)],
    ["Kept until", image.expires_at && dateInWords(image.expires_at)],
  ];
  return rows.filter(([, value]) => value !== null);
}

function inWords(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function settingRow(name, value) {
  const row = clone("setting");
  row.querySelector("dt").textContent = name;
  row.querySelector("bdi").textContent = value;
  return row;
}

function download(image, format) {
  const anchor = clone("download");
  anchor.href = `${base}/images/${image.id}/content?format=${format}&redirect=false`;
  anchor.textContent = FORMATS[format];
  return anchor;
}
