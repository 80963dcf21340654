// What every decoder does: hold the size against the limit, lay what is transparent on black, turn the right way up.

import { PageError } from "./errors.js";

/** Refuse an image that says it is larger than allowed, before anything is decoded. */
export function checkSize(width, height, maxPixels) {
  if (width * height <= maxPixels) return;
  const most = `at most ${maxPixels.toLocaleString("en")} are read`;
  throw new PageError(`The image says that it has ${width} × ${height} pixels; ${most}.`, "too_large");
}

/** Composite on black, as radiographs have it; an alpha that is opaque everywhere leaves every value as it was. */
export function onBlack(picture, alpha) {
  if (!alpha || alpha.every((value) => value === 255)) return picture;
  const { channels } = picture;
  const pixels = picture.pixels.map((value, at) => Math.floor((value * alpha[Math.floor(at / channels)] + 127) / 255));
  return { ...picture, pixels };
}

/**
 * The orientation that an EXIF block says; 1 if it says none.
 *
 * @param {Uint8Array | undefined} exif from its byte order on
 */
export function orientationOf(exif) {
  if (!exif || exif.length < 14) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const little = view.getUint16(0) === 0x4949;
  const first = view.getUint32(4, little);
  if (first + 2 > exif.length) return 1;
  const entries = view.getUint16(first, little);
  for (let entry = 0, at = first + 2; entry < entries && at + 12 <= exif.length; entry += 1, at += 12) {
    if (view.getUint16(at, little) === 0x0112) return view.getUint16(at + 8, little);
  }
  return 1;
}

// Which pixel stands at column x and row y of the upright image, by the orientation of the stored one.
const SOURCES = {
  2: (x, y, w) => [w - 1 - x, y],
  3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
  4: (x, y, w, h) => [x, h - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, w, h) => [y, h - 1 - x],
  7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
  8: (x, y, w) => [w - 1 - y, x],
};

/** Turn a picture as its orientation says. */
export function upright(picture, orientation) {
  const source = SOURCES[orientation];
  if (!source) return picture;
  const { pixels, width, height, channels } = picture;
  const [across, down] = orientation > 4 ? [height, width] : [width, height];
  const turned = new pixels.constructor(pixels.length);
  for (let y = 0; y < down; y += 1) {
    for (let x = 0; x < across; x += 1) {
      const [column, row] = source(x, y, width, height);
      const from = (row * width + column) * channels;
      turned.set(pixels.subarray(from, from + channels), (y * across + x) * channels);
    }
  }
  return { pixels: turned, width: across, height: down, channels };
}
