// PNG (W3C Recommendation, third edition), read as Pillow reads it. The browser's own decoder would lose the lower bits
// of 16 and may change colours, and some browsers blur what a page reads back from a canvas.

import { crc32 } from "./crc32.js";
import { PageError } from "./errors.js";
import { inflate } from "./inflate.js";
import { checkSize, onBlack, orientationOf, upright } from "./pictures.js";
import { rowsOf } from "./png-rows.js";

const [GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA] = [0, 2, 3, 4, 6];
const SAMPLES = { [GREY]: 1, [COLOUR]: 3, [PALETTE]: 1, [GREY_ALPHA]: 2, [COLOUR_ALPHA]: 4 };
const DEPTHS = {
  [GREY]: [1, 2, 4, 8, 16],
  [COLOUR]: [8, 16],
  [PALETTE]: [1, 2, 4, 8],
  [GREY_ALPHA]: [8, 16],
  [COLOUR_ALPHA]: [8, 16],
};
const damaged = () => new PageError("The PNG is damaged. Copy it again.", "damaged");
const endsEarly = () => new PageError("The PNG ends early. Copy it again.", "truncated");

/** @returns {Promise<import("./pixels.js").Picture>} */
export async function readPng(bytes, maxPixels) {
  const chunks = chunksOf(bytes);
  const header = headerOf(chunks.get("IHDR")?.[0]);
  checkSize(header.width, header.height, maxPixels);
  if (!chunks.has("IEND")) throw endsEarly();
  const samples = await samplesOf(header, chunks.get("IDAT") ?? []);
  const picture = pictureOf(header, samples, chunks.get("PLTE")?.[0], chunks.get("tRNS")?.[0]);
  return upright(picture, orientationOf(chunks.get("eXIf")?.[0]));
}

/** Every chunk by its type; what comes after the pixels may be damaged. */
function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = new Map();
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (view.getUint32(end) !== crc32(bytes.subarray(at + 4, end))) throw damaged();
    chunks.set(type, [...(chunks.get(type) ?? []), bytes.subarray(at + 8, end)]);
    if (type === "IEND") break;
    at = end + 4;
  }
  return chunks;
}

function headerOf(chunk) {
  if (chunk?.length !== 13) throw damaged();
  const view = new DataView(chunk.buffer, chunk.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bits, colour, packing, filter, interlaced] = chunk.subarray(8);
  const known = DEPTHS[colour]?.includes(bits) && !packing && !filter && interlaced < 2;
  if (!width || !height || !known) throw damaged();
  return { width, height, bits, colour, interlaced, samples: SAMPLES[colour] };
}

/** Whole numbers of `bits` bits, sample by sample within a pixel. */
async function samplesOf(header, parts) {
  const { size, read } = rowsOf(header);
  const data = await inflate(parts, size);
  if (data === null) throw damaged();
  if (data.length < size) throw endsEarly();
  return read(data);
}

function pictureOf(header, samples, palette, transparent) {
  const { width, height, bits, colour } = header;
  if (colour === GREY && bits === 16) return { pixels: samples, width, height, channels: 1 };
  const made = colour === PALETTE ? fromPalette(samples, palette, transparent) : direct(header, samples, transparent);
  const { pixels, alpha } = made;
  const channels = colour === GREY || (colour === GREY_ALPHA && bits === 8) ? 1 : 3;
  return onBlack({ pixels, width, height, channels }, alpha);
}

/** Samples that are values themselves; 16 bits keep the upper 8, fewer are scaled. */
function direct({ bits, colour }, samples, transparent) {
  const factor = bits < 8 ? 255 / (2 ** bits - 1) : 1;
  const bytes = bits === 16 ? Uint8Array.from(samples, (value) => value >> 8) : samples.map((value) => value * factor);
  if (colour === GREY_ALPHA || colour === COLOUR_ALPHA) {
    return parted(bytes, colour === GREY_ALPHA ? 1 : 3, colour === GREY_ALPHA && bits === 16 ? 3 : 1);
  }
  return { pixels: bytes, alpha: transparent && keyed(bytes, keyOf(transparent, bits, SAMPLES[colour])) };
}

/** The value that stands for transparent, as Pillow compares it: of 2 and 4 bits not scaled, of 16 the lower 8. */
function keyOf(chunk, bits, count) {
  if (chunk.length < 2 * count) throw damaged();
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const values = Array.from({ length: count }, (_, index) => view.getUint16(2 * index));
  return values.map((value) => (bits === 1 ? (value ? 255 : 0) : value & 0xff));
}

function keyed(bytes, key) {
  const alpha = new Uint8Array(bytes.length / key.length);
  return alpha.map((_, at) => (key.every((value, channel) => bytes[at * key.length + channel] === value) ? 0 : 255));
}

/** Part pixels from their alpha, each value `repeat` times. */
function parted(bytes, values, repeat) {
  const count = bytes.length / (values + 1);
  const pixels = new Uint8Array(count * values * repeat);
  const alpha = new Uint8Array(count);
  for (let at = 0; at < count; at += 1) {
    const from = at * (values + 1);
    for (let channel = 0; channel < values * repeat; channel += 1) {
      pixels[at * values * repeat + channel] = bytes[from + Math.floor(channel / repeat)];
    }
    alpha[at] = bytes[from + values];
  }
  return { pixels, alpha };
}

function fromPalette(samples, palette, transparent) {
  if (!palette) throw damaged();
  const pixels = new Uint8Array(samples.length * 3);
  samples.forEach((index, at) => pixels.set(palette.subarray(3 * index, 3 * index + 3), 3 * at));
  return { pixels, alpha: transparent && samples.map((index) => transparent[index] ?? 255) };
}
