// A form for the options that a model declares: its JSON Schema says which fields there are.

import { clone } from "./templates.js";
import { nameInWords } from "./words.js";

const AUTOMATIC = "Automatic";

/** Fields `{name, read(), write(value)}` for a schema's properties; their elements are put into `place`. */
export function buildOptions(place, schema) {
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => fieldFor(name, property));
  place.replaceChildren(...fields.map((field) => field.element));
  place.hidden = !fields.length;
  return fields;
}

function fieldFor(name, property) {
  const choices = choicesOf(property);
  if (choices) return choiceField(name, property, choices);
  if (["string", "number", "integer"].includes(property.type)) return textField(name, property);
  return jsonField(name, property);
}

/** What may be chosen, as values; undefined where the field is free. */
function choicesOf(property) {
  if (property.enum) return property.enum;
  return property.type === "boolean" ? [true, false] : undefined;
}

function choiceField(name, property, choices) {
  const { element, input } = labelled("choice-field", name, property);
  input.append(new Option(AUTOMATIC, ""), ...choices.map((choice, at) => new Option(choiceInWords(choice), at)));
  return {
    name,
    element,
    read: () => (input.value === "" ? undefined : choices[Number(input.value)]),
    write: (value) => (input.value = value === undefined ? "" : choices.indexOf(value)),
  };
}

function choiceInWords(choice) {
  if (typeof choice === "boolean") return choice ? "Yes" : "No";
  return nameInWords(String(choice));
}

function textField(name, property) {
  const { element, input } = labelled("text-field", name, property);
  const isNumber = property.type !== "string";
  if (isNumber) input.inputMode = property.type === "integer" ? "numeric" : "decimal";
  input.placeholder = property.default === undefined ? AUTOMATIC : String(property.default);
  return {
    name,
    element,
    read: () => (input.value.trim() === "" ? undefined : isNumber ? asNumber(input.value) : input.value),
    write: (value) => (input.value = value ?? ""),
  };
}

/** Lists and objects, written as the API takes them. */
function jsonField(name, property) {
  const { element, input } = labelled("json-field", name, property);
  return {
    name,
    element,
    read: () => (input.value.trim() === "" ? undefined : asJson(input.value)),
    write: (value) => (input.value = value === undefined ? "" : JSON.stringify(value)),
  };
}

function labelled(template, name, property) {
  const element = clone(template);
  const [label, input, hint, fault] = element.children;
  element.dataset.pointer = `/options/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  input.id = label.htmlFor = `option-${name}`;
  hint.id = `${input.id}-hint`;
  fault.id = `${input.id}-fault`;
  input.setAttribute("aria-describedby", `${hint.id} ${fault.id}`);
  label.textContent = property.title ?? nameInWords(name);
  hint.textContent = property.description ?? "";
  return { element, input };
}

/** The number that was meant; anything else goes to the API as it is, which says what is wrong with it. */
export function asNumber(text) {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : text;
}

function asJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
