// Images as PNG files.

import { crc32 } from "./crc32.js";
import { deflate } from "./inflate.js";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const COLOURS = { 1: 0, 3: 2 }; // by channels: grey, RGB

/**
 * @param {Uint8Array} planes (C, H, W)
 * @param {number[]} shape C, H, W with C 1 or 3
 * @returns {Promise<Uint8Array>} the file
 */
export async function pngOf(planes, [channels, height, width]) {
  const rows = new Uint8Array(height * (1 + width * channels)); // each begins with a zero: no filter
  for (let y = 0, at = 0; y < height; y += 1) {
    at += 1;
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < channels; channel += 1) rows[at++] = planes[(channel * height + y) * width + x];
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, COLOURS[channels]);
  const chunks = [
    ["IHDR", new Uint8Array(header.buffer)],
    ["IDAT", await deflate(rows)],
    ["IEND", new Uint8Array(0)],
  ];
  return joined([SIGNATURE, ...chunks.map(([type, data]) => chunkOf(type, data))]);
}

function chunkOf(type, data) {
  const named = joined([new TextEncoder().encode(type), data]);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, data.length);
  frame.setUint32(4, crc32(named));
  return joined([new Uint8Array(frame.buffer, 0, 4), named, new Uint8Array(frame.buffer, 4, 4)]);
}

/** @param {Uint8Array[]} parts */
export function joined(parts) {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
