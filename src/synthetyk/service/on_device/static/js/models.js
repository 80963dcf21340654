// The models of a package, run by ONNX Runtime Web: runtime/classifier.py and runtime/generator.py say the same in
// Python.

import * as ort from "../runtime/ort.js";
import { decode } from "./decode.js";
import { PageError } from "./errors.js";
import { noiseOf } from "./noise.js";
import { prepared, toEven } from "./pixels.js";

ort.env.wasm.numThreads = 1; // more would ask the file server for headers that plain ones do not send
ort.env.wasm.wasmPaths = { wasm: new URL("../runtime/ort.wasm", import.meta.url).href };

const OPTIONS = { executionProviders: ["wasm"], logSeverityLevel: 3 };
const UNIT = Math.fround(1 / 127.5);
const float = Math.fround;

/**
 * Fetch a package's models, each checked against the hash that the page was made with.
 *
 * @param {object} about one of the packages of page.json
 * @param {string} base address that its folder is below
 * @returns {Promise<{classifier: object | null, generator: object | null, checked: boolean}>} sessions
 */
export async function openModels(about, base) {
  const open = async (part) => part && ort.InferenceSession.create(await fetched(about, part.file, base), OPTIONS);
  const classifier = await open(about.classifier);
  return { classifier, generator: await open(about.generator), checked: canCheck() };
}

function canCheck() {
  return Boolean(globalThis.crypto?.subtle); // browsers have it on HTTPS and on the machine's own addresses
}

async function fetched(about, file, base) {
  const answer = await fetch(new URL(about.folder + file, base));
  if (!answer.ok) throw new PageError(`${file} cannot be fetched: the server answers ${answer.status}.`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const wanted = about.files[file];
  const right = bytes.length === wanted.bytes && (!canCheck() || (await sha256(bytes)) === wanted.sha256);
  if (!right) throw new PageError(`${file} is not the file that this page was made with. Export the page again.`);
  return bytes;
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (value) => value.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {ort.InferenceSession} session
 * @param {object} about what the manifest says of the classifier
 * @param {Uint8Array} bytes an image file
 * @param {number} maxPixels
 * @returns {Promise<object>} probabilities, logits, maps (K, h, w) with their shape, risk (null if no class is
 * one), and the pixels (C, H, W) that the classifier saw
 */
export async function classify(session, about, bytes, maxPixels) {
  const picture = await decode(bytes, maxPixels);
  const pixels = prepared(picture, about.input);
  const images = new ort.Tensor("float32", Float32Array.from(pixels, toUnit), [1, ...about.input.shape]);
  const { probabilities, logits, activation_maps: maps } = await session.run({ images });
  const risky = about.classes.map((each) => each.risk);
  const risk = (sum, value, index) => (risky[index] ? float(sum + value) : sum);
  return {
    probabilities: Array.from(probabilities.data),
    logits: Array.from(logits.data),
    maps: { data: maps.data.slice(), shape: maps.dims.slice(1) },
    risk: risky.includes(true) ? probabilities.data.reduce(risk, 0) : null,
    pixels,
    stored: { width: picture.width, height: picture.height },
  };
}

/**
 * Draw numbered images of one class. Each is drawn among the images of the chunk that it belongs to, as the service
 * does, since how many images a network runs on changes the last bits of what it computes.
 *
 * @param {ort.InferenceSession} session
 * @param {object} about what the manifest says of the generator
 * @param {{label: number | null, first: number, count: number, seed: string, truncation: number}} wanted
 * @param {number} chunk images in a chunk
 * @returns {AsyncGenerator<{number: number, pixels: Uint8Array}[]>} what is wanted of one chunk after the other
 */
export async function* drawn(session, about, wanted, chunk) {
  const { label, first, count, seed, truncation } = wanted;
  const size = about.shape.reduce((product, length) => product * length, 1);
  const end = first + count;
  for (let start = first - (first % chunk); start < end; start += chunk) {
    const numbers = Array.from({ length: chunk }, (_, index) => start + index);
    const noise = noiseOf(seed, label, numbers, about.latent, truncation);
    const feeds = { noise: new ort.Tensor("float32", noise, [chunk, about.latent]) };
    if (label !== null) feeds.labels = labelsOf(label, chunk);
    const { images } = await session.run(feeds);
    yield numbers
      .filter((number) => number >= first && number < end)
      .map((number) => ({ number, pixels: imageOf(images.data, number - start, size) }));
  }
}

function labelsOf(label, count) {
  return new ort.Tensor("int64", new BigInt64Array(count).fill(BigInt(label)), [count]);
}

function imageOf(data, place, size) {
  return Uint8Array.from(data.subarray(place * size, (place + 1) * size), fromUnit);
}

/** Map a stored value to the network's [-1, 1], in 32 bits. */
function toUnit(value) {
  return float(value * UNIT) - 1;
}

/** Map the network's [-1, 1] back; values outside are clipped. */
function fromUnit(value) {
  return Math.min(255, Math.max(0, toEven(float(float(value + 1) * 127.5))));
}
