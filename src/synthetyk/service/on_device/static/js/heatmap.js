// Where a class is seen: its activation map over the grey image. service/heatmap.py draws the same in Python.

// Points of cividis, which people with any colour vision see alike (Nunez, Anderton, Renslow, "Optimizing colormaps
// with consideration for color vision deficiency to enable accurate interpretation of scientific data", PLOS ONE 13(7),
// 2018); between them colours are mixed.
const CIVIDIS = [
  [0, 34, 78], [0, 46, 106], [26, 56, 111], [50, 67, 109], [67, 78, 108], [83, 90, 109],
  [97, 101, 111], [111, 112, 115], [125, 124, 120], [140, 136, 120], [155, 148, 118], [171, 160, 114],
  [188, 174, 108], [205, 187, 99], [222, 201, 88], [240, 216, 70], [254, 232, 56],
];
const SMALLEST = 256; // pixels: smaller images are enlarged
const OPACITY = 0.5;

/**
 * The map of a class over the image it was made of: yellow is where the class is seen most. The scale is that of the
 * maps of all classes together, so that a class that is seen nowhere stays dark.
 *
 * @param {Uint8Array} planes (C, H, W)
 * @param {number[]} shape of the image
 * @param {{data: Float32Array, shape: number[]}} maps (K, h, w)
 * @param {number} index of the class
 * @returns {{pixels: Uint8Array, shape: number[]}} (3, H', W')
 */
export function heatmap(planes, shape, maps, index) {
  const scale = Math.max(1, Math.ceil(SMALLEST / Math.min(shape[1], shape[2])));
  const [height, width] = [shape[1] * scale, shape[2] * scale];
  const grey = enlarged(greyOf(planes, shape), shape[1], shape[2], height, width);
  const [, rows, columns] = maps.shape;
  const heat = enlarged(toOne(maps.data, index, rows * columns), rows, columns, height, width);
  const area = height * width;
  const pixels = new Uint8Array(3 * area);
  for (let at = 0; at < area; at += 1) {
    const colour = colourOf(heat[at]);
    for (let channel = 0; channel < 3; channel += 1) {
      pixels[channel * area + at] = Math.round((1 - OPACITY) * grey[at] + OPACITY * colour[channel]);
    }
  }
  return { pixels, shape: [3, height, width] };
}

/** The luminance (ITU-R BT.601) of an image. */
function greyOf(planes, [channels, height, width]) {
  const area = height * width;
  if (channels === 1) return planes;
  const luminance = (at) => 0.299 * planes[at] + 0.587 * planes[area + at] + 0.114 * planes[2 * area + at];
  return Float32Array.from({ length: area }, (_, at) => luminance(at));
}

function toOne(data, index, size) {
  const low = data.reduce((least, value) => Math.min(least, value), Infinity);
  const high = data.reduce((most, value) => Math.max(most, value), -Infinity);
  return data.slice(index * size, (index + 1) * size).map((value) => (value - low) / (high - low || 1));
}

function colourOf(value) {
  const place = Math.min(1, Math.max(0, value)) * (CIVIDIS.length - 1);
  const below = Math.min(Math.floor(place), CIVIDIS.length - 2);
  return CIVIDIS[below].map((from, channel) => from + (place - below) * (CIVIDIS[below + 1][channel] - from));
}

/** Enlarge without steps: each value lies between the four nearest ones. */
function enlarged(values, rows, columns, height, width) {
  const across = placesOf(columns, width);
  const down = placesOf(rows, height);
  const result = new Float32Array(height * width);
  let at = 0;
  for (const [top, bottom, y] of down) {
    for (const [left, right, x] of across) {
      const above = values[top * columns + left] * (1 - x) + values[top * columns + right] * x;
      const below = values[bottom * columns + left] * (1 - x) + values[bottom * columns + right] * x;
      result[at++] = above * (1 - y) + below * y;
    }
  }
  return result;
}

/** For each place of a longer row the two values that it lies between, and how near it is to the second. */
function placesOf(count, length) {
  const last = count - 1;
  return Array.from({ length }, (_, index) => {
    const place = Math.min(last, Math.max(0, ((index + 0.5) * count) / length - 0.5));
    const before = Math.floor(place);
    return [before, Math.min(last, before + 1), place - before];
  });
}
