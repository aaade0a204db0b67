// Signing in and out: a key or a one-time link becomes a cookie that scripts cannot read.

import { call, Problem } from "./api.js";
import { clearFaults, showFaults } from "./faults.js";
import { complain, show } from "./notices.js";
import { part, say } from "./templates.js";

const LINK = "#sign-in=";
const NO_COOKIE = "Limner knows you, but this browser keeps no cookie for it. Allow cookies for this site, then sign in again.";

const form = document.querySelector("#sign-in form");

/** Whether people can sign in here: a host application has its own ways. */
export const signsIn = form !== null;

/** Runs once: the form works from then on, and a one-time link in the address is used up. */
export async function begin() {
  if (!signsIn) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    signIn({ key: form.elements.key.value.trim() });
  });
  document.getElementById("sign-out").addEventListener("click", signOut);
  if (!location.hash.startsWith(LINK)) return;
  const link = location.hash.slice(LINK.length);
  history.replaceState(history.state, "", location.pathname); // the secret stays in no history
  await useLink(link);
}

/** A link that is used up already sends nobody away who is signed in. */
async function useLink(link) {
  const studio = document.getElementById("studio");
  const wasKnown = !studio.hidden;
  const problem = await signIn({ link });
  if (!problem || !wasKnown) return;
  document.getElementById("sign-in").hidden = true;
  studio.hidden = false;
  show(problem.message);
}

/** Returns what went wrong; undefined where nothing did. */
async function signIn(proof) {
  clearFaults(form);
  try {
    await call("POST", "/session", { body: proof });
    await call("GET", "/session").catch((problem) => {
      throw problem.status === 401 ? new Problem(401, { detail: NO_COOKIE }) : problem;
    });
    location.reload();
    return undefined;
  } catch (problem) {
    showSignIn();
    showFaults(form, problem, document.getElementById("key-fault"));
    form.elements.key.select();
    return problem;
  }
}

async function signOut() {
  try {
    await call("DELETE", "/session");
  } catch (problem) {
    if (problem.status !== 401) return complain(problem); // who stays signed in must know it
  }
  sessionStorage.clear();
  location.reload();
}

/** Says who is signed in, and warns where others can listen. */
export async function showWho() {
  if (!signsIn) return;
  const session = await call("GET", "/session");
  part(document.getElementById("who"), "user").textContent = session.user;
  document.getElementById("who").hidden = document.getElementById("sign-out").hidden = false;
  document.getElementById("insecure").hidden = session.secure || window.isSecureContext;
}

export function showSignIn() {
  document.getElementById("sign-in").hidden = false;
  document.getElementById("studio").hidden = true;
  document.getElementById("who").hidden = document.getElementById("sign-out").hidden = true;
  if (document.activeElement === document.body) form.elements.key.focus();
}

/** For pages of a host application, which signs people in by itself. */
export function sayRefused(problem) {
  say(document.getElementById("connection"), `${problem.message} Sign in to this site, then load this page again.`);
}
