// Quiet words at the edge of the page: the connection, what was just done, what a screen reader is told.

import { part, say } from "./templates.js";

const PATIENCE = 1500; // a reconnect that takes less is nobody's business

const FADES = 6000;

const connection = document.getElementById("connection");
const toast = document.getElementById("toast");
const announcer = document.getElementById("announcer");

let waiting = null;
let fading = null;

export function connectionLost() {
  waiting ??= setTimeout(() => {
    say(connection, "No connection to Limner. Trying again; nothing is lost.");
    announce(connection.textContent);
  }, PATIENCE);
}

export function connectionBack() {
  clearTimeout(waiting);
  waiting = null;
  if (connection.textContent) announce("Connected again.");
  say(connection, "");
}

/** Said, and gone after a while: nothing is lost with it. */
export function mention(words) {
  show(words);
  fading = setTimeout(hide, FADES);
}

/** What the API says is wrong; who is no longer known is shown the way in instead. */
export function complain(problem) {
  if (problem.status !== 401) show(problem.message);
}

/** Stays until it is dismissed, used or followed by another. `act` is offered under `name`. */
export function show(words, name = "", act = null) {
  clearTimeout(fading);
  const button = part(toast, "act");
  say(button, name);
  button.onclick = () => (hide(), act());
  part(toast, "words").textContent = words;
  toast.hidden = false;
  announce(words);
}

function hide() {
  toast.hidden = true;
}

part(toast, "dismiss").addEventListener("click", hide);

/** For those who cannot see it happen. */
export function announce(words) {
  announcer.textContent = words;
}
