// From pixels as they were stored to what a model takes: data/pixels.py says the same in Python.

import { lanczos } from "./resample.js";

/**
 * @typedef {{pixels: Uint8Array | Uint16Array, width: number, height: number, channels: 1 | 3}} Picture
 * channel by channel within a pixel, row by row
 */

/**
 * @param {Picture} picture
 * @param {{shape: number[], depth_rule: {bits: number}, fit: "stretch" | "pad" | "crop"}} contract of the model
 * @returns {Uint8Array} (channels, height, width)
 */
export function prepared(picture, contract) {
  const [channels, height, width] = contract.shape;
  const stored = withChannels(toUint8(picture, contract.depth_rule.bits), channels);
  const same = stored.width === width && stored.height === height;
  return planes(same ? stored : FITS[contract.fit](stored, width, height));
}

/** Map deeper values by the rule of the data set, larger ones than it knows to 255; 8 bits stay as they are. */
export function toUint8(picture, bits) {
  if (picture.pixels instanceof Uint8Array) return picture;
  const top = 2 ** bits - 1;
  const half = Math.floor(top / 2);
  const scale = (value) => Math.min(255, Math.floor((value * 255 + half) / top));
  return { ...picture, pixels: Uint8Array.from(picture.pixels, scale) };
}

/** Take the luminance (ITU-R BT.601) of three channels, or repeat one. */
function withChannels(picture, channels) {
  if (picture.channels === channels) return picture;
  const { pixels } = picture;
  const result = new Uint8Array(picture.width * picture.height * channels);
  if (channels === 3) {
    for (let at = 0; at < pixels.length; at += 1) result.fill(pixels[at], 3 * at, 3 * at + 3);
  } else {
    for (let at = 0; at < result.length; at += 1) {
      const from = 3 * at;
      result[at] = (pixels[from] * 19595 + pixels[from + 1] * 38470 + pixels[from + 2] * 7471 + 0x8000) >> 16;
    }
  }
  return { ...picture, pixels: result, channels };
}

const FITS = {
  stretch: (picture, width, height) => lanczos(picture, [width, height], [0, 0, picture.width, picture.height]),

  crop(picture, width, height) {
    const scale = Math.min(picture.width / width, picture.height / height);
    const left = Math.max(0, (picture.width - scale * width) / 2);
    const top = Math.max(0, (picture.height - scale * height) / 2);
    return lanczos(picture, [width, height], [left, top, picture.width - left, picture.height - top]);
  },

  pad(picture, width, height) {
    const scale = Math.max(picture.width / width, picture.height / height);
    const inner = [picture.width / scale, picture.height / scale].map((length) => Math.max(1, toEven(length)));
    const whole = FITS.stretch(picture, ...inner);
    const { channels } = picture;
    const padded = new Uint8Array(width * height * channels);
    const left = Math.floor((width - inner[0]) / 2);
    const top = Math.floor((height - inner[1]) / 2);
    for (let row = 0; row < inner[1]; row += 1) {
      const line = whole.pixels.subarray(row * inner[0] * channels, (row + 1) * inner[0] * channels);
      padded.set(line, ((row + top) * width + left) * channels);
    }
    return { pixels: padded, width, height, channels };
  },
};

/** Round to the nearest whole number, and halves to the even one, as Python and NumPy do. */
export function toEven(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 ? below + 1 : below;
}

/** Bring channels from within each pixel to one plane after the other. */
function planes({ pixels, width, height, channels }) {
  if (channels === 1) return pixels;
  const area = width * height;
  const result = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at += 1) result[(at % channels) * area + Math.floor(at / channels)] = pixels[at];
  return result;
}
