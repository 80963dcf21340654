// Standard normal numbers of 32 bits, bit by bit those of NumPy's Generator: the ziggurat of 256 layers (Marsaglia and
// Tsang, "The ziggurat method for generating random variables", Journal of Statistical Software 5(8), 2000).

const LAYERS = 256;
const TAIL = 3.6541528853610088; // where the lowest layer ends and the tail begins
const AREA = 0.004928673233974658; // of each layer: TAIL f(TAIL) + the integral of f from TAIL on
const UNITS = 2 ** 23; // of the random number that says where in a layer
const float = Math.fround;
const density = (x) => Math.exp(-0.5 * x * x);

const tables = makeTables();

/** Widths, heights and limits of the layers: everything below its limit lies under the curve for certain. */
function makeTables() {
  const edges = new Float64Array(LAYERS + 1);
  edges[LAYERS] = AREA / density(TAIL);
  edges[LAYERS - 1] = TAIL;
  for (let layer = LAYERS - 2; layer > 0; layer -= 1) {
    edges[layer] = Math.sqrt(-2 * Math.log(AREA / edges[layer + 1] + density(edges[layer + 1])));
  }
  const widths = Float32Array.from({ length: LAYERS }, (_, layer) => edges[layer || LAYERS] / UNITS);
  const heights = Float32Array.from({ length: LAYERS }, (_, layer) => (layer ? density(edges[layer]) : 1));
  const limits = Uint32Array.from({ length: LAYERS }, (_, layer) =>
    layer ? Math.round((edges[layer - 1] / edges[layer]) * UNITS) : Math.round((TAIL / edges[LAYERS]) * UNITS),
  );
  return { widths, heights, limits };
}

/**
 * @param {() => number} next returns the next random number of 32 bits
 * @param {number} count
 * @returns {Float32Array}
 */
export function normals(next, count) {
  return Float32Array.from({ length: count }, () => normal(next));
}

function normal(next) {
  const { widths, heights, limits } = tables;
  for (;;) {
    const drawn = next();
    const layer = drawn & 0xff;
    const place = drawn >>> 9;
    const x = float(place * widths[layer]) * (drawn & 0x100 ? -1 : 1);
    if (place < limits[layer]) return x;
    if (layer === 0) return tail(next, place);
    const step = float(heights[layer - 1] - heights[layer]);
    if (float(float(step * uniform(next)) + heights[layer]) < Math.exp(-0.5 * x * x)) return x;
  }
}

/** Beyond the lowest layer; the bit of the place that NumPy takes says which side. */
function tail(next, place) {
  for (;;) {
    const x = float(float(-1 / TAIL) * float(Math.log1p(-uniform(next))));
    const y = -float(Math.log1p(-uniform(next)));
    if (float(y + y) > float(x * x)) return (place & 0x100 ? -1 : 1) * float(float(TAIL) + x);
  }
}

function uniform(next) {
  return (next() >>> 8) / 2 ** 24;
}
