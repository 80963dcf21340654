// Where a class is seen: its activation map, brought to the size of the image and laid over it.

const COLOUR = [255, 140, 30];
const STRONGEST = 0.65; // opacity where the map is highest

/**
 * @param {HTMLCanvasElement} canvas as large as the image
 * @param {{data: Float32Array, shape: number[]}} maps (K, h, w)
 * @param {number} index of the class
 * @param {[number, number]} size height and width of the image
 */
export function paintHeat(canvas, maps, index, [height, width]) {
  const [, rows, columns] = maps.shape;
  const values = shares(maps.data.subarray(index * rows * columns, (index + 1) * rows * columns));
  const image = new ImageData(width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const value = between(values, rows, columns, ((y + 0.5) * rows) / height - 0.5, ((x + 0.5) * columns) / width - 0.5);
      image.data.set([...COLOUR, 255 * STRONGEST * value], 4 * (y * width + x));
    }
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** What speaks for the class, from 0 to 1; what speaks against it is 0. */
export function shares(map) {
  const highest = map.reduce((most, value) => Math.max(most, value), 0);
  return map.map((value) => (highest > 0 ? Math.max(0, value) / highest : 0));
}

/** The value between the four nearest ones. */
function between(values, rows, columns, y, x) {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, across] = [y - top, x - left];
  const value = (row, column) => values[clamp(row, rows) * columns + clamp(column, columns)];
  const above = value(top, left) * (1 - across) + value(top, left + 1) * across;
  const below = value(top + 1, left) * (1 - across) + value(top + 1, left + 1) * across;
  return above * (1 - down) + below * down;
}

function clamp(index, count) {
  return Math.min(count - 1, Math.max(0, index));
}
