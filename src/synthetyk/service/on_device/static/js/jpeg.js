// JPEG, decoded by the browser: its header is asked for size and kind first.

import { PageError } from "./errors.js";
import { checkSize } from "./pictures.js";

const STARTS = [0xc0, 0xc1, 0xc2]; // baseline, extended, progressive
const OTHER_STARTS = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const damaged = () => new PageError("The JPEG is damaged. Copy it again.", "damaged");
const unsupported = (what) =>
  new PageError(`The JPEG ${what}, which this page does not read. Convert it to PNG.`, "unsupported");

/** @returns {Promise<import("./pixels.js").Picture>} */
export async function readJpeg(bytes, maxPixels) {
  const header = headerOf(bytes);
  checkSize(header.width, header.height, maxPixels);
  if (!endsWhole(bytes)) throw new PageError("The JPEG ends early. Copy it again.", "truncated");
  checkHonest();
  const image = await decoded(bytes);
  try {
    return pictureOf(image);
  } finally {
    image.close();
  }
}

/** Find the frame's header (ITU-T T.81, B.2.2) behind the segments before it. */
function headerOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 < bytes.length;) {
    if (bytes[at] !== 0xff) throw damaged();
    const marker = bytes[at + 1];
    if (OTHER_STARTS.includes(marker)) throw unsupported("is lossless or arithmetic coded");
    if (STARTS.includes(marker)) return frameOf(view, at);
    const alone = marker === 0xff ? 1 : marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) ? 2 : 0;
    at += alone || 2 + view.getUint16(at + 2);
  }
  throw damaged();
}

function frameOf(view, at) {
  const [bits, height, width] = [view.getUint8(at + 4), view.getUint16(at + 5), view.getUint16(at + 7)];
  const channels = view.getUint8(at + 9);
  if (bits !== 8) throw unsupported(`has ${bits} bits`);
  if (channels !== 1 && channels !== 3) throw unsupported(`has ${channels} channels`);
  if (!width || !height) throw damaged();
  return { width, height };
}

function endsWhole(bytes) {
  const tail = bytes.subarray(-1024);
  return tail.some((value, at) => value === 0xff && tail[at + 1] === 0xd9);
}

async function decoded(bytes) {
  const options = { colorSpaceConversion: "none", premultiplyAlpha: "none", imageOrientation: "from-image" };
  try {
    return await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }), options);
  } catch {
    throw damaged();
  }
}

function pictureOf(image) {
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(width * height * 3);
  for (let at = 0, from = 0; at < pixels.length; from += 4) {
    pixels[at++] = data[from];
    pixels[at++] = data[from + 1];
    pixels[at++] = data[from + 2];
  }
  return { pixels, width, height, channels: 3 };
}

/** Some browsers change what a page reads from a canvas, so that it cannot tell people apart. */
function checkHonest() {
  const context = new OffscreenCanvas(64, 64).getContext("2d", { willReadFrequently: true });
  const trial = context.createImageData(64, 64);
  trial.data.forEach((_, at) => (trial.data[at] = at % 4 === 3 ? 255 : (at * 37) % 251));
  context.putImageData(trial, 0, 0);
  const { data } = context.getImageData(0, 0, 64, 64);
  if (data.every((value, at) => value === trial.data[at])) return;
  throw new PageError(
    "This browser changes the pixels that a page reads from a JPEG. Convert it to PNG.",
    "unsupported",
  );
}
