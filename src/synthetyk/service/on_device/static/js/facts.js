// The part of the page that says what runs in it.

import { at, made } from "./dom.js";

/** @param {object} about one of the packages of page.json */
export function showFacts(about, config, checked) {
  const rows = [["Package", `${about.title}, made by ${about.created_by}`]];
  for (const [name, part] of [["Classifier", about.classifier], ["Generator", about.generator]]) {
    if (part) rows.push([name, [part.encoder, part.precision, megabytes(about.files[part.file].bytes)].filter(Boolean).join(", ")]);
  }
  rows.push(["Notice", about.notice]);
  rows.push(["SHA-256 of its manifest", made("code", {}, about.sha256)]);
  rows.push(["Files", checked ? "each is what the manifest says" : "sizes are right; hashes are only checked over HTTPS"]);
  rows.push(["Runs with", config.runtime]);
  at("facts").replaceChildren(...rows.flatMap(([term, value]) => [made("dt", {}, term), made("dd", {}, value)]));
  const figures = [about.classifier, about.generator].flatMap((part) => part?.figures ?? []);
  at("measured").hidden = !figures.length;
  at("figures").replaceChildren(...figures.map(rowOf));
}

function rowOf({ name, value, low, high, about }) {
  const number = (each) => each.toPrecision(3);
  const interval = low === null || high === null ? "" : `${number(low)} to ${number(high)}`;
  const named = made("th", { scope: "row" }, name.replaceAll("_", " "));
  return made("tr", {}, named, ...[number(value), interval, about].map((text) => made("td", {}, text)));
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1)} MB`;
}
