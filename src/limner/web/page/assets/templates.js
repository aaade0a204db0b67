// The page's markup stands in its templates; what goes into them is only ever text.

export function clone(name) {
  return document.getElementById(name).content.firstElementChild.cloneNode(true);
}

export function part(element, name) {
  return element.querySelector(`[data-part="${name}"]`);
}

/** Shows text, or hides the element where there is none. */
export function say(element, text) {
  element.textContent = text;
  element.hidden = !text;
}
