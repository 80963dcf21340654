// Starts the page: reads what it offers, opens the models in a worker, and keeps everything for use without a network.

import { ClassifyView } from "./classify.js";
import { at, made, tell } from "./dom.js";
import { Engine } from "./engine.js";
import { showFacts } from "./facts.js";
import { GenerateView } from "./generate.js";

const base = new URL("../", import.meta.url).href;

async function start() {
  const config = await (await fetch(new URL("page.json", base))).json();
  const engine = new Engine(new URL("worker.js", import.meta.url));
  const views = { classify: new ClassifyView(engine), generate: new GenerateView(engine) };
  const choice = at("package");
  choice.replaceChildren(...config.packages.map((each, index) => made("option", { value: index }, each.name)));
  at("package-field").hidden = config.packages.length < 2;
  choice.addEventListener("change", () => open(config, Number(choice.value), engine, views));
  await open(config, 0, engine, views);
  await keep();
}

async function open(config, index, engine, views) {
  const about = config.packages[index];
  views.classify.open(null);
  views.generate.open(null);
  say("Loading the models…");
  try {
    const { checked } = await engine.run("open", { config, index, base });
    views.classify.open(about.classifier);
    views.generate.open(about);
    showFacts(about, config, checked);
    at("on-device").dataset.ready = String(index);
    say("Ready. From here on the page needs no network.");
  } catch (error) {
    fail(error);
  }
}

/** Have the browser keep the page, where it can: on HTTPS, and on the machine's own addresses. */
async function keep() {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(new URL("service-worker.js", base)).catch(() => {});
}

function say(message) {
  at("status").textContent = message;
}

function fail(error) {
  say("");
  tell(at("failure"), error.message);
}

start().catch(fail);
