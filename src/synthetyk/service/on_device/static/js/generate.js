// The part of the page that draws images.

import { at, made, paint, save, tell } from "./dom.js";
import { PageError } from "./errors.js";
import { pngOf } from "./png-write.js";
import { zipOf } from "./zip.js";

const EVERY = "every"; // the choice of all classes

export class GenerateView {
  #engine;
  #package = null;
  #about = null; // what the manifest says of the generator
  #drawn = []; // { label, number, pixels } in the order in which they are shown
  #asked = null; // what the images were asked for with
  #stopping = null;

  constructor(engine) {
    this.#engine = engine;
    at("generate").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#generate();
    });
    at("class").addEventListener("change", () => this.#nameCount());
    at("stop").addEventListener("click", () => this.#stopping?.abort());
    at("save-all").addEventListener("click", () => this.#saveAll());
  }

  /** Offer the generator of a package, if it has one. */
  open(about) {
    this.#stopping?.abort();
    this.#package = about;
    this.#about = about?.generator ?? null;
    at("generate").hidden = !this.#about;
    this.#clear();
    if (!this.#about) return;
    const names = this.#about.class_names;
    const options = names.map((name, label) => made("option", { value: label }, this.#title(label)));
    if (names.length > 1) options.push(made("option", { value: EVERY }, "Every class"));
    at("class").replaceChildren(...options);
    at("class-field").hidden = !names.length;
    at("seed").value = about.seed;
    this.#nameCount();
    at("go").disabled = false;
  }

  #title(label) {
    const name = this.#about.class_names[label];
    return this.#package.classifier?.classes.find((each) => each.name === name)?.title || name;
  }

  #nameCount() {
    at("count-label").textContent = at("class").value === EVERY ? "Of each class" : "Images";
  }

  #clear() {
    this.#drawn = [];
    at("tiles").replaceChildren();
    at("drawn").hidden = true;
    at("save-all").hidden = true;
    tell(at("generate-error"), "");
  }

  async #generate() {
    this.#clear();
    this.#stopping = new AbortController();
    this.#busy(true);
    try {
      this.#asked = this.#wanted();
      const { labels, count } = this.#asked;
      at("progress").max = labels.length * count;
      for (const label of labels) await this.#draw(label);
      at("drawn-words").textContent = this.#summary();
    } catch (error) {
      tell(at("generate-error"), error.message);
    } finally {
      this.#busy(false);
      at("save-all").hidden = this.#drawn.length < 2;
    }
  }

  async #draw(label) {
    if (this.#stopping.signal.aborted) return;
    const { first, count, seed, truncation } = this.#asked;
    const each = (images) => images.forEach((image) => this.#add({ label, ...image }));
    const wanted = { label, first, count, seed, truncation };
    await this.#engine.run("generate", { wanted }, { each, signal: this.#stopping.signal });
  }

  /** What the form asks for. */
  #wanted() {
    const chosen = at("class").value;
    const all = this.#about.class_names.map((_, label) => label);
    const labels = !all.length ? [null] : chosen === EVERY ? all : [Number(chosen)];
    const seed = at("seed").value.trim();
    if (!/^\d+$/.test(seed)) throw new PageError("The seed is a whole number from 0.");
    const whole = (id) => Number.parseInt(at(id).value, 10);
    return {
      labels,
      seed: String(BigInt(seed)),
      count: whole("count"),
      first: whole("first"),
      truncation: Number(at("truncation").value),
    };
  }

  #add(image) {
    this.#drawn.push(image);
    const name = image.label === null ? `Image ${image.number}` : `${this.#title(image.label)} ${image.number}`;
    const canvas = made("canvas", { ariaHidden: "true" });
    paint(canvas, image.pixels, this.#about.shape);
    const label = `Download ${name} as PNG`;
    const button = made("button", { type: "button", className: "tile", title: label, ariaLabel: label });
    button.append(canvas, made("small", {}, name));
    button.addEventListener("click", async () => save(this.#fileName(image), await this.#png(image), "image/png"));
    at("tiles").append(made("li", {}, button));
    at("drawn").hidden = false;
    at("progress").value = this.#drawn.length;
  }

  #summary() {
    const { labels, count, seed } = this.#asked;
    const found = this.#drawn.length;
    const stopped = found < labels.length * count ? "Stopped after " : "";
    const images = found === 1 ? "image" : "images";
    return `${stopped}${found} synthetic ${images}, seed ${seed}. Choose one to download it.`;
  }

  #busy(busy) {
    at("progress").value = 0;
    for (const id of ["progress", "stop"]) at(id).hidden = !busy;
    at("go").disabled = busy;
    if (busy) at("drawn-words").textContent = "Drawing…";
    else if (!this.#drawn.length) at("drawn-words").textContent = "";
  }

  #png(image) {
    return pngOf(image.pixels, this.#about.shape);
  }

  #fileName({ label, number }) {
    const name = label === null ? "image" : this.#about.class_names[label].replace(/[^\p{L}\p{N}._-]+/gu, "-");
    return `synthetic-${name}-${this.#asked.seed}-${String(number).padStart(6, "0")}.png`;
  }

  async #saveAll() {
    const files = [];
    for (const image of this.#drawn) files.push({ name: this.#fileName(image), data: await this.#png(image) });
    const manifest = new TextEncoder().encode(`${JSON.stringify(this.#manifest(files), null, 2)}\n`);
    const zip = zipOf([...files, { name: "manifest.json", data: manifest }]);
    save(`synthetic-${this.#asked.seed}.zip`, zip, "application/zip");
  }

  /** Where the images come from, so that nobody takes them for real ones. */
  #manifest(files) {
    const { seed, truncation } = this.#asked;
    const images = this.#drawn.map(({ label, number }, index) => ({
      file: files[index].name,
      class: label === null ? null : this.#about.class_names[label],
      number,
    }));
    return { synthetic: true, notice: this.#package.notice, model: this.#package.sha256, seed, truncation, images };
  }
}
