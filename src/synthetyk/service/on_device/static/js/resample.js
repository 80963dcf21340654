// Pillow's Lanczos resizing, value by value: a box filter for large reductions, then one pass along each axis whose
// weights are whole numbers of 2 ** -22, with 8 bits in between. A canvas resizes otherwise, and differently in each
// browser. Images are { pixels: Uint8Array, width, height, channels }, channel by channel within a pixel.

const PRECISION = 22; // bits behind the point of a weight
const LOBES = 3; // half the width of the filter, in pixels of the smaller image
const GAP = 3; // how many times larger than wanted an image stays after the box filter
const float = Math.fround;

/**
 * @param {{pixels: Uint8Array, width: number, height: number, channels: number}} image
 * @param {[number, number]} size wanted width and height
 * @param {[number, number, number, number]} box left, top, right, bottom of the part to resize
 */
export function lanczos(image, size, box) {
  const factors = [0, 1].map((axis) => Math.trunc((box[axis + 2] - box[axis]) / size[axis] / GAP) || 1);
  if (factors[0] === 1 && factors[1] === 1) return resized(image, size, box);
  const safe = safeBox(image, size, box);
  const smaller = reduced(image, factors, safe);
  return resized(
    smaller,
    size,
    box.map((edge, place) => (edge - safe[place % 2]) / factors[place % 2]),
  );
}

/** The box, and the pixels around it that the filter reaches. */
function safeBox(image, size, box) {
  const limits = [image.width, image.height];
  const reach = [0, 1].map((axis) => (LOBES - 0.5) * ((box[axis + 2] - box[axis]) / size[axis]));
  return [
    ...[0, 1].map((axis) => Math.max(0, Math.trunc(box[axis] - reach[axis]))),
    ...[0, 1].map((axis) => Math.min(limits[axis], Math.ceil(box[axis + 2] + reach[axis]))),
  ];
}

/** Average whole blocks of pixels; those at the right and lower edge have what is left. */
function reduced(image, [across, down], [left, top, right, bottom]) {
  const { pixels, width, channels } = image;
  const size = [Math.ceil((right - left) / across), Math.ceil((bottom - top) / down)];
  const result = new Uint8Array(size[0] * size[1] * channels);
  let at = 0;
  for (let y = top; y < bottom; y += down) {
    const endY = Math.min(y + down, bottom);
    for (let x = left; x < right; x += across) {
      const endX = Math.min(x + across, right);
      const count = (endX - x) * (endY - y);
      const multiplier = Math.trunc(float(2 ** 24 / count));
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = count >> 1;
        for (let row = y; row < endY; row += 1) {
          const start = row * width * channels + channel;
          for (let column = x; column < endX; column += 1) sum += pixels[start + column * channels];
        }
        result[at++] = Math.floor((sum * multiplier) / 2 ** 24);
      }
    }
  }
  return { pixels: result, width: size[0], height: size[1], channels };
}

function resized(image, [width, height], box) {
  const [left, top, right, bottom] = box.map(float);
  const across = (each) =>
    each.width === width && !left && right === width ? each : pass(each, 0, width, left, right);
  const down = (each) =>
    each.height === height && !top && bottom === height ? each : pass(each, 1, height, top, bottom);
  const fewer = image.height - height;
  return fewer > 0 && fewer > (image.width - width) * 2 ? across(down(image)) : down(across(image));
}

/** Resize along one axis: 0 is across, 1 is down. */
function pass(image, axis, size, from, to) {
  const { pixels, width, height, channels } = image;
  const filters = filtersOf(axis ? height : width, size, from, to);
  const result = new Uint8Array(channels * size * (axis ? width : height));
  const step = axis ? width * channels : channels; // from a value to the next one along the axis
  const lines = axis ? 1 : height;
  const values = axis ? width * channels : channels; // beside each other, all with the same weights
  let at = 0;
  for (let line = 0; line < lines; line += 1) {
    for (const { first, weights } of filters) {
      const start = line * width * channels + first * step;
      for (let value = 0; value < values; value += 1) {
        let sum = 1 << (PRECISION - 1);
        for (let tap = 0; tap < weights.length; tap += 1) sum += pixels[start + tap * step + value] * weights[tap];
        result[at++] = Math.min(255, Math.max(0, sum >> PRECISION));
      }
    }
  }
  return { pixels: result, width: axis ? width : size, height: axis ? size : height, channels };
}

/** For each place of the result the first pixel that counts, and the weights of those from there on. */
function filtersOf(length, size, from, to) {
  const scale = float(to - from) / size;
  const widened = Math.max(1, scale);
  const support = LOBES * widened;
  return Array.from({ length: size }, (_, place) => {
    const center = from + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(length, Math.trunc(center + support + 0.5));
    const inverse = 1 / widened;
    const raw = Array.from({ length: end - first }, (__, tap) => windowed((tap + first - center + 0.5) * inverse));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: Int32Array.from(raw, (weight) => rounded((weight / total) * 2 ** PRECISION)) };
  });
}

function rounded(value) {
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
}

function windowed(x) {
  return x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
