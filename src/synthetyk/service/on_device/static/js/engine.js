// The page's side of the worker: asks it, and hands back what it answers.

import { PageError } from "./errors.js";

export class Engine {
  #worker;
  #asked = new Map();
  #last = 0;

  constructor(address) {
    this.#worker = new Worker(address, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#answer(data));
    this.#worker.addEventListener("error", () =>
      this.#fail("The part of the page that computes could not start. Is a file missing?"),
    );
  }

  /** Ask for a task; `each` gets every value, the promise the last one. `signal` stops it. */
  run(task, given, { each = () => {}, signal } = {}) {
    const id = ++this.#last;
    signal?.addEventListener("abort", () => this.#worker.postMessage({ task: "stop", stopped: id }));
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { each, resolve, reject, value: undefined });
      this.#worker.postMessage({ id, task, ...given });
    });
  }

  #answer({ id, value, done, error }) {
    const asked = this.#asked.get(id);
    if (!done && !error) {
      asked.value = value;
      asked.each(value);
      return;
    }
    this.#asked.delete(id);
    if (error) asked.reject(new PageError(error.message, error.kind));
    else asked.resolve(asked.value);
  }

  #fail(message) {
    for (const { reject } of this.#asked.values()) reject(new PageError(message, "internal"));
    this.#asked.clear();
  }
}
