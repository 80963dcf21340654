// The part of the page that classifies an image.

import { at, bar, made, paint, percent, tell, titleOf } from "./dom.js";
import { heatmap } from "./heatmap.js";

const FITS = { stretch: "stretched", pad: "with black bars", crop: "cut to the centre" };

export class ClassifyView {
  #engine;
  #about = null; // what the manifest says of the classifier
  #found = null; // what it said of the last image
  #turn = 0; // so that a slow answer does not replace a later one

  constructor(engine) {
    this.#engine = engine;
    at("file").addEventListener("change", (event) => this.#read(event.target.files[0]));
    at("heat-class").addEventListener("change", () => this.#showHeat());
  }

  /** Offer a classifier; null if the package has none. */
  open(about) {
    this.#about = about;
    at("classify").hidden = !about;
    at("result").hidden = true;
    tell(at("classify-error"), "");
    if (!about) return;
    const [channels, height, width] = about.input.shape;
    const colours = channels === 1 ? "grey" : "in colour";
    const other = `other images are brought to that size (${FITS[about.input.fit]}).`;
    at("input-hint").textContent = `The classifier looks at ${width} × ${height} pixels, ${colours}; ${other}`;
    at("file").disabled = false;
  }

  async #read(file) {
    if (!file || !this.#about) return;
    const turn = ++this.#turn;
    tell(at("classify-error"), "");
    at("classify").setAttribute("aria-busy", "true");
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const found = await this.#engine.run("classify", { bytes });
      if (turn === this.#turn) this.#show(file.name, found);
    } catch (error) {
      at("result").hidden = true;
      tell(at("classify-error"), error.message);
    } finally {
      at("classify").removeAttribute("aria-busy");
      at("file").value = ""; // so that the same file can be chosen again
    }
  }

  #show(name, found) {
    this.#found = found;
    const { classes } = this.#about;
    const first = found.probabilities.indexOf(Math.max(...found.probabilities));
    at("answer").textContent = `${titleOf(classes[first])}, ${percent(found.probabilities[first])}`;
    at("about-file").textContent = `${name}, ${found.stored.width} × ${found.stored.height} pixels`;
    at("risk").hidden = found.risk === null;
    if (found.risk !== null) this.#showRisk(found.risk, classes, classes[first].risk);
    at("bars").replaceChildren(...this.#bars(classes, found.probabilities, first));
    this.#offerHeat(classes, first);
    paint(at("seen"), found.pixels, this.#about.input.shape);
    this.#showHeat();
    at("result").hidden = false;
  }

  #showRisk(risk, classes, flagged) {
    const names = classes.filter((each) => each.risk).map(titleOf);
    at("risk-badge").className = `badge ${flagged ? "warn" : ""}`;
    at("risk-badge").textContent = `Risk ${percent(risk)}`;
    at("risk-words").textContent = `the probability of ${names.join(" or ")}`;
  }

  #bars(classes, probabilities, first) {
    const order = probabilities.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
    return order.map((index) => {
      const risk = classes[index].risk ? made("span", { className: "badge warn" }, "risk") : "";
      const name = made("span", { className: index === first ? "first" : "" }, `${titleOf(classes[index])} `, risk);
      const value = made("span", { className: "value" }, percent(probabilities[index]));
      return made("li", {}, name, value, bar(probabilities[index]));
    });
  }

  #offerHeat(classes, first) {
    const options = classes.map((each, index) => made("option", { value: index }, titleOf(each)));
    at("heat-class").replaceChildren(...options, made("option", { value: "" }, "Nothing"));
    at("heat-class").value = first;
  }

  #showHeat() {
    const chosen = at("heat-class").value;
    at("heat").hidden = chosen === "";
    if (chosen !== "") {
      const { pixels, shape } = heatmap(this.#found.pixels, this.#about.input.shape, this.#found.maps, Number(chosen));
      paint(at("heat"), pixels, shape);
    }
    const title = chosen === "" ? "" : `, and where it sees ${titleOf(this.#about.classes[chosen])}`;
    at("seen").ariaLabel = `The image as the classifier sees it${title}`;
  }
}
