// The rows of a PNG: filters, interlacing and packed bits, sections 7 to 9 of its standard.

// Where each of the seven passes of an interlaced image begins, and how far its pixels are apart: x, y, step x, step y.
const ADAM7 = [
  [0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2],
];

/**
 * @param {{width: number, height: number, bits: number, samples: number, interlaced: number}} header
 * @returns {{size: number, read: (data: Uint8Array) => Uint8Array | Uint16Array}} how many bytes its rows have, and how
 * they become samples
 */
export function rowsOf(header) {
  const passes = (header.interlaced ? ADAM7 : [[0, 0, 1, 1]])
    .map((pass) => partOf(header, pass))
    .filter((part) => part.width && part.height);
  const size = passes.reduce((sum, part) => sum + part.height * (part.stride + 1), 0);
  return { size, read: (data) => readPasses(header, passes, data) };
}

function partOf({ width, height, bits, samples }, [x, y, stepX, stepY]) {
  const part = { x, y, stepX, stepY, width: Math.ceil((width - x) / stepX), height: Math.ceil((height - y) / stepY) };
  return { ...part, stride: Math.ceil((part.width * bits * samples) / 8) };
}

function readPasses(header, passes, data) {
  const { width, height, bits, samples } = header;
  const result = new (bits === 16 ? Uint16Array : Uint8Array)(width * height * samples);
  const back = Math.max(1, (bits * samples) >> 3); // bytes between a value and the one before it
  let at = 0;
  for (const part of passes) {
    let above = new Uint8Array(part.stride);
    for (let row = 0; row < part.height; row += 1) {
      const line = data.subarray(at + 1, at + 1 + part.stride);
      unfilter(data[at], line, above, back);
      place(line, part, row, header, result);
      above = line;
      at += part.stride + 1;
    }
  }
  return result;
}

/** Undo the filter of one row in place. */
function unfilter(filter, line, above, back) {
  const predict = PREDICTIONS[filter];
  if (!predict) return;
  for (let at = 0; at < line.length; at += 1) {
    const left = at < back ? 0 : line[at - back];
    const corner = at < back ? 0 : above[at - back];
    line[at] += predict(left, above[at], corner);
  }
}

const PREDICTIONS = {
  1: (left) => left,
  2: (left, up) => up,
  3: (left, up) => (left + up) >> 1,
  4: (left, up, corner) => {
    const estimate = left + up - corner;
    const distances = [left, up, corner].map((value) => Math.abs(estimate - value));
    if (distances[0] <= distances[1] && distances[0] <= distances[2]) return left;
    return distances[1] <= distances[2] ? up : corner;
  },
};

/** Put the samples of a row where they belong. */
function place(line, { x, y, stepX, stepY, width }, row, header, result) {
  const { bits, samples } = header;
  const start = (y + row * stepY) * header.width + x;
  for (let column = 0; column < width; column += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      result[(start + column * stepX) * samples + sample] = sampleAt(line, column * samples + sample, bits);
    }
  }
}

function sampleAt(line, index, bits) {
  if (bits === 8) return line[index];
  if (bits === 16) return (line[2 * index] << 8) | line[2 * index + 1];
  const bit = index * bits;
  return (line[bit >> 3] >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
}
