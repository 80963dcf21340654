// The noise that numbered images are drawn from: core/noise.py and core/seeding.py say the same in Python.

import { blake2b } from "./blake2b.js";
import { normals } from "./normal.js";
import { numbers32 } from "./philox.js";

/**
 * @param {string} seed of all images, a whole number in decimal digits
 * @param {number | null} label class of the images; null if the generator has none
 * @param {number[]} numbers of the images within their class
 * @param {number} latent numbers in a noise vector
 * @param {number} scale what standard normal noise is multiplied with
 * @returns {Float32Array} numbers.length rows of `latent` numbers
 */
export function noiseOf(seed, label, numbers, latent, scale = 1) {
  const key = keyOf(`${BigInt(seed)}\0generate/${label ?? "all"}`);
  const noise = new Float32Array(numbers.length * latent);
  numbers.forEach((number, row) => {
    const drawn = normals(numbers32(key, [0n, BigInt(number), 0n, 0n]), latent);
    noise.set(drawn, row * latent);
  });
  const factor = Math.fround(scale);
  return noise.map((value) => value * factor);
}

function keyOf(address) {
  const digest = blake2b(new TextEncoder().encode(address), 16);
  const view = new DataView(digest.buffer, digest.byteOffset);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}
