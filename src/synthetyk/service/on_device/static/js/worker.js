// Does all the computing in a thread of its own, so that the page stays awake. It answers messages
// { id, task, ...arguments } with { id, value } for each value and { id, done: true } or { id, error }.

import { classify, drawn, openModels } from "./models.js";

const stopped = new Set();
let page = null; // page.json
let about = null; // the package that is open
let models = null;

const TASKS = {
  async *open({ config, index, base }) {
    page = config;
    about = config.packages[index];
    models = await openModels(about, base);
    yield { checked: models.checked };
  },

  async *classify({ bytes }) {
    yield await classify(models.classifier, about.classifier, bytes, page.max_pixels);
  },

  generate({ wanted }) {
    return drawn(models.generator, about.generator, wanted, page.chunk);
  },
};

self.addEventListener("message", async ({ data }) => {
  const { id, task } = data;
  if (task === "stop") {
    stopped.add(data.stopped);
    return;
  }
  try {
    for await (const value of TASKS[task](data)) {
      if (stopped.has(id)) break;
      self.postMessage({ id, value });
      await new Promise((resolve) => setTimeout(resolve)); // lets a message to stop come in
    }
    self.postMessage({ id, done: true });
  } catch (error) {
    self.postMessage({ id, error: { message: error.message, kind: error.kind ?? "internal" } });
  }
});
