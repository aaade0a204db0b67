// The one stream of everything that happens to the person's jobs. It comes back by itself, after the last event it saw.

import { base } from "./address.js";

const SILENCE = 40_000; // the server says something every 15 s
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

/** Events: `job`, `progress`, `preview` with the value as `detail`; `open`, `lost`, and `refused` with the status. */
export class Stream extends EventTarget {
  #last = null;
  #failures = 0;
  #connection = null;
  #wake = () => {};

  start() {
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#connection?.abort());
    // A browser grants a server six connections: tabs that nobody sees leave theirs to others.
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#connection?.abort() : this.#wake()));
    this.#run();
  }

  async #run() {
    for (;;) {
      while (document.hidden) await this.#sleep(null);
      const status = await this.#follow().catch(() => 0);
      if (status >= 400 && status < 500 && status !== 429) return this.#tell("refused", status);
      if (document.hidden) continue;
      this.#tell("lost");
      await this.#sleep(this.#wait());
    }
  }

  #wait() {
    const longest = Math.min(FIRST_WAIT * 2 ** this.#failures++, LONGEST_WAIT);
    return longest * (0.5 + Math.random() / 2);
  }

  /** Until the time is over, or something gives reason to hope. */
  #sleep(milliseconds) {
    return new Promise((done) => {
      this.#wake = done;
      if (milliseconds !== null) setTimeout(done, milliseconds);
    });
  }

  /** One connection, to its end; the status it was answered with. */
  async #follow() {
    this.#connection = new AbortController();
    const silence = new Silence(this.#connection);
    try {
      const headers = this.#last === null ? {} : { "Last-Event-ID": this.#last };
      const response = await fetch(`${base}/events`, { headers, signal: this.#connection.signal, cache: "no-store" });
      if (!response.ok) return response.status;
      this.#failures = 0;
      this.#tell("open");
      await this.#read(response.body.pipeThrough(new TextDecoderStream()).getReader(), silence);
      return response.status;
    } finally {
      silence.end();
    }
  }

  async #read(reader, silence) {
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.broken();
      const frames = (text + value).split("\n\n");
      text = frames.pop();
      frames.forEach((frame) => this.#dispatch(frame));
    }
  }

  #dispatch(frame) {
    const fields = Object.fromEntries(frame.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
    if (fields.data) this.#tell(fields.event, JSON.parse(fields.data));
    if (fields.id) this.#last = fields.id;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Ends a connection on which nothing was heard for too long: a network that went away says no goodbye. */
class Silence {
  #timer;
  #connection;

  constructor(connection) {
    this.#connection = connection;
    this.broken();
  }

  broken() {
    this.end();
    this.#timer = setTimeout(() => this.#connection.abort(), SILENCE);
  }

  end() {
    clearTimeout(this.#timer);
  }
}
