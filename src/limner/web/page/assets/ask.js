// Asking for a picture: the prompt, the model and what it takes.

import { call, newKey } from "./api.js";
import { clearFaults, showFaults } from "./faults.js";
import { asNumber, buildOptions } from "./options_form.js";
import { shapesOf } from "./shapes.js";
import { clone, part } from "./templates.js";

const DRAFT = "limner.draft";
const COUNTS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];
const NUMBERS = ["width", "height", "seed", "steps", "guidance"];
const LIMITED = ["steps", "guidance"];

export class AskForm {
  #form = document.getElementById("ask");
  #fields = this.#form.elements;
  #models = [];
  #options = [];
  #shapes = [];
  #key = newKey();
  #asked;

  /** `asked(job)` hears of what was asked for. */
  constructor(asked) {
    this.#asked = asked;
    this.#form.addEventListener("submit", (event) => this.#submit(event));
    this.#form.addEventListener("input", () => this.#changed());
    this.#fields.prompt.addEventListener("keydown", (event) => this.#sendOnEnter(event));
    this.#fields.model.addEventListener("input", () => this.#changeModel());
    for (const side of ["width", "height"]) this.#fields[side].addEventListener("input", () => this.#markShape());
    this.#at("more").addEventListener("click", () => this.#showOptions(this.#at("options").hidden));
    this.#at("reset").addEventListener("click", () => this.fill({ prompt: this.#fields.prompt.value }));
  }

  /** Takes in what can paint; what was being written before a reload is there again. */
  offer(models) {
    this.#models = models;
    this.#fields.model.replaceChildren(...models.map((model) => new Option(model.name, model.name, model.default)));
    const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
    this.#choose({ ...draft, prompt: this.#fields.prompt.value || draft.prompt });
  }

  /** Shows an ask: what it leaves out is as the model likes it. */
  fill(ask) {
    this.#choose(ask);
    this.#changed();
    this.#fields.prompt.focus();
    scrollTo({ top: 0, behavior: "instant" });
  }

  #at(id) {
    return this.#form.querySelector(`#${id}`);
  }

  get #model() {
    return this.#models.find((model) => model.name === this.#fields.model.value);
  }

  /** The shape stays, in the size in which this model paints it. */
  #changeModel() {
    const { width, height, ...ask } = this.#body();
    const shape = this.#shapes[this.#shapeAt()];
    this.#choose(shape ? ask : { ...ask, width, height });
    const at = this.#shapes.findIndex(({ name }) => name === shape?.name);
    if (at < 0) return;
    this.#takeShape(at);
    this.#markShape();
  }

  #choose(ask) {
    const wanted = this.#models.find((model) => model.name === ask.model) ?? this.#models.find((model) => model.default);
    this.#fields.model.value = wanted.name;
    this.#adapt(wanted);
    this.#write(ask);
    this.#summarise();
  }

  /** The form as this model needs it. */
  #adapt({ description, problem, examples, capabilities }) {
    this.#at("model-hint").textContent = problem ? `It cannot paint now: ${problem.detail}` : description;
    this.#options = buildOptions(this.#at("own-options"), capabilities.options);
    this.#offerShapes(capabilities);
    this.#offerCounts(capabilities.max_count);
    this.#fields.format.replaceChildren(new Option("Automatic", ""), ...capabilities.formats.map((format) => new Option(format.toUpperCase(), format)));
    this.#field("negative_prompt").hidden = !capabilities.negative_prompt;
    this.#field("seed").hidden = !capabilities.seeds;
    LIMITED.forEach((name) => this.#limit(name, capabilities[name]));
    this.#offerExamples(examples);
  }

  #field(name) {
    return this.#form.querySelector(`.field[data-pointer="/${name}"]`);
  }

  #limit(name, limits) {
    this.#field(name).hidden = !limits;
    if (limits) this.#at(`${name}-hint`).textContent = `${limits.minimum} to ${limits.maximum}.`;
  }

  #offerShapes(capabilities) {
    this.#shapes = shapesOf(capabilities);
    const choices = this.#shapes.map((shape, at) => this.#shapeChoice(shape, at));
    this.#at("shapes").replaceChildren(this.#at("shapes").firstElementChild, ...choices);
  }

  #shapeChoice({ name, width, height, ratio }, at) {
    const choice = clone("shape");
    const input = choice.querySelector("input");
    input.value = at;
    choice.title = `${name}, ${width} × ${height}`;
    part(choice, "name").textContent = choice.title;
    choice.querySelector(".frame").style.aspectRatio = ratio;
    choice.querySelector(".frame").style.width = `${Math.sqrt(ratio) * 1.05}em`;
    input.addEventListener("input", () => this.#takeShape(at));
    return choice;
  }

  #takeShape(at) {
    this.#fields.width.value = this.#shapes[at].width;
    this.#fields.height.value = this.#shapes[at].height;
  }

  /** The place of the shape that width and height make; -1 where it is none of ours. */
  #shapeAt() {
    return this.#shapes.findIndex(({ width, height }) => `${width}×${height}` === `${this.#fields.width.value}×${this.#fields.height.value}`);
  }

  #markShape() {
    const at = this.#shapeAt();
    for (const input of this.#form.querySelectorAll('[name="shape"]')) input.checked = Number(input.value) === at;
  }

  #offerCounts(most) {
    const counts = [...new Set([...COUNTS.filter((count) => count <= most), most])];
    this.#fields.count.replaceChildren(...counts.map((count) => new Option(count === 1 ? "1 picture" : `${count} pictures`, count)));
  }

  #offerExamples(examples) {
    const place = this.#at("examples");
    place.replaceChildren(...examples.map((example) => this.#exampleButton(example)));
    place.hidden = !examples.length;
  }

  #exampleButton(example) {
    const button = clone("example");
    button.textContent = example;
    button.addEventListener("click", () => {
      this.#fields.prompt.value = example;
      this.#fields.prompt.focus();
      this.#changed();
    });
    return button;
  }

  #write(ask) {
    const { default_width, default_height } = this.#model.capabilities;
    const given = { width: default_width, height: default_height, count: 1, ...ask };
    for (const name of ["prompt", "count", "format", "negative_prompt", ...NUMBERS]) this.#fields[name].value = given[name] ?? "";
    for (const option of this.#options) option.write(ask.options?.[option.name]);
    this.#markShape();
    this.#grow();
  }

  /** The ask as the API takes it; what is empty is left out. */
  #body() {
    const texts = ["prompt", "model", "format", "negative_prompt"].map((name) => [name, this.#fields[name].value]);
    const numbers = [...NUMBERS, "count"].map((name) => [name, asNumber(this.#fields[name].value)]);
    const options = Object.fromEntries(this.#options.map((option) => [option.name, option.read()]));
    const given = [...texts, ...numbers].filter(([name, value]) => value !== "" && !this.#field(name)?.hidden);
    return { ...Object.fromEntries(given), options: JSON.parse(JSON.stringify(options)) };
  }

  #changed() {
    this.#key = newKey();
    sessionStorage.setItem(DRAFT, JSON.stringify(this.#body()));
    this.#summarise();
    this.#grow();
  }

  /** What differs from the usual, beside the button that hides it. */
  #summarise() {
    const { seed, width, height, options = {}, ...rest } = this.#body();
    const size = width && height ? [`${width} × ${height}`] : [];
    const told = [...size, ...Object.values(options).map(String)];
    if (seed !== undefined) told.push(`seed ${seed}`);
    told.push(...["steps", "guidance", "format"].filter((name) => rest[name] !== undefined).map((name) => `${name} ${rest[name]}`));
    this.#at("chosen").textContent = told.join(", ");
  }

  #grow() {
    const { prompt } = this.#fields;
    prompt.style.height = "auto";
    prompt.style.height = `${prompt.scrollHeight}px`;
  }

  #showOptions(shown) {
    this.#at("options").hidden = !shown;
    this.#at("more").setAttribute("aria-expanded", shown);
  }

  #sendOnEnter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  async #submit(event) {
    event.preventDefault();
    clearFaults(this.#form);
    const key = this.#key;
    try {
      // The same key until something changes: sending again, before an answer or after none, asks for nothing twice.
      this.#asked(await call("POST", "/images", { body: this.#body(), headers: { "Idempotency-Key": key } }));
      if (this.#key === key) this.#beginAnew();
    } catch (problem) {
      this.#refuse(problem);
    }
  }

  /** Enter asks for another picture, typing for something else. */
  #beginAnew() {
    this.#key = newKey();
    this.#fields.prompt.select();
  }

  #refuse(problem) {
    const first = showFaults(this.#form, problem, this.#at("ask-fault"));
    if (first?.closest("#options")) this.#showOptions(true);
    first?.focus();
  }
}
