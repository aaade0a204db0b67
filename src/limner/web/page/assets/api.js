// Calls of the API: its answers as values, its problems as errors.

import { base } from "./address.js";

/** What the API says is wrong. `faults` name fields by JSON pointers. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? `The server answered ${status}.`);
    this.status = status;
    this.code = document.code ?? "";
    this.faults = document.errors ?? [];
  }
}

/** No answer came: what was asked may have happened or not. */
export class NoAnswer extends Error {
  constructor() {
    super("Limner does not answer just now. Nothing is lost; try again.");
  }
}

let refused = () => {};

/** `act` runs whenever the API no longer knows who is asking. */
export function whenRefused(act) {
  refused = act;
}

export async function call(method, path, { body, headers } = {}) {
  const response = await send(method, path, body, headers);
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? null : response.json();
}

async function send(method, path, body, headers = {}) {
  const request = { method, headers: { ...headers } };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
  }
  try {
    return await fetch(base + path, request);
  } catch {
    throw new NoAnswer();
  }
}

async function problemOf(response) {
  const document = await response.json().catch(() => ({}));
  const problem = new Problem(response.status, document);
  if (problem.status === 401) refused(problem);
  return problem;
}

/** Names one ask, so that sending it again asks for nothing more. Works on plain HTTP, too. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
