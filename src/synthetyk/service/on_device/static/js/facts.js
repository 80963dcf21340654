// The part of the page that says what runs in it.

import { at, made } from "./dom.js";

/** @param {object} about one of the packages of page.json */
export function showFacts(about, config, checked) {
  const rows = [["Package", `${about.title}, made by ${about.created_by}`]];
  if (about.classifier) rows.push(["Classifier", wordsOf(about, about.classifier)]);
  if (about.generator) rows.push(["Generator", wordsOf(about, about.generator)]);
  rows.push(["Notice", about.notice]);
  rows.push(["Manifest", made("span", {}, "SHA-256 ", made("code", {}, about.sha256))]);
  rows.push(["Files", checked ? "as the manifest says" : "of the right size; their hashes are checked over HTTPS"]);
  rows.push(["Runs with", config.runtime]);
  at("facts").replaceChildren(...rows.flatMap(([term, value]) => [made("dt", {}, term), made("dd", {}, value)]));
  const figures = [about.classifier, about.generator].flatMap((part) => part?.figures ?? []);
  at("measured").hidden = !figures.length;
  at("figures").replaceChildren(...figures.map(rowOf));
}

function wordsOf({ files }, { encoder, precision, file }) {
  return [encoder, precision, megabytes(files[file].bytes)].filter(Boolean).join(", ");
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
