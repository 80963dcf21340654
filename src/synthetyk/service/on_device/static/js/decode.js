// From the bytes of an image file to its pixels: data/decode.py says the same in Python. The content decides the type.

import { PageError } from "./errors.js";
import { readJpeg } from "./jpeg.js";
import { readPng } from "./png.js";

const SIGNATURES = [
  ["\x89PNG\r\n\x1a\n", "PNG"],
  ["\xff\xd8\xff", "JPEG"],
  ["II*\0", "TIFF"],
  ["MM\0*", "TIFF"],
  ["II+\0", "TIFF"],
  ["MM\0+", "TIFF"],
  ["GIF8", "GIF"],
  ["\0\0\0\x0cjP  ", "JPEG 2000"],
  ["\xff\x4f\xff\x51", "JPEG 2000"],
  ["8BPS", "Photoshop"],
  ["%PDF", "PDF"],
];
const BMP_HEADERS = [12, 40, 52, 56, 64, 108, 124]; // lengths; the letters BM alone begin many a text
const READERS = { PNG: readPng, JPEG: readJpeg };
const ON_THE_SERVER = ["TIFF", "BMP", "DICOM"];

/**
 * @param {Uint8Array} bytes the whole file
 * @param {number} maxPixels refuse an image whose header says that it has more
 * @returns {Promise<import("./pixels.js").Picture>}
 */
export async function decode(bytes, maxPixels) {
  if (!bytes.length) throw new PageError("The file is empty. Choose a PNG or a JPEG.", "empty");
  const kind = kindOf(bytes);
  if (READERS[kind]) return READERS[kind](bytes, maxPixels);
  if (!kind) throw new PageError("The content is no image. Choose a PNG or a JPEG.", "not_an_image");
  const elsewhere = ON_THE_SERVER.includes(kind) ? ", or ask a Synthetyk service, which reads it" : "";
  throw new PageError(
    `The content is ${kind}, which this page does not read. Convert it to PNG${elsewhere}.`,
    "unsupported",
  );
}

/** What the first bytes of a file say that it is; null if no image. */
export function kindOf(bytes) {
  const head = String.fromCharCode(...bytes.subarray(0, 132));
  if (head.slice(128) === "DICM") return "DICOM";
  if (head.startsWith("BM") && BMP_HEADERS.includes(head.charCodeAt(14))) return "BMP";
  if (head.startsWith("RIFF") && head.slice(8, 12) === "WEBP") return "WebP";
  return SIGNATURES.find(([signature]) => head.startsWith(signature))?.[1] ?? null;
}
