// Philox 4x64 with ten rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), as NumPy's.

const MASK = (1n << 64n) - 1n;
const MULTIPLIERS = [0xd2e7470ee14c6c93n, 0xca5a826395121157n];
const WEYL = [0x9e3779b97f4a7c15n, 0xbb67ae8584caa73bn];
const ROUNDS = 10;

/**
 * @param {bigint[]} counter four words of 64 bits
 * @param {bigint[]} key two words of 64 bits
 * @returns {bigint[]} four random words of 64 bits
 */
export function block(counter, key) {
  let [a, b, c, d] = counter;
  let [first, second] = key;
  for (let round = 0; round < ROUNDS; round += 1) {
    const left = MULTIPLIERS[0] * a;
    const right = MULTIPLIERS[1] * c;
    [a, b, c, d] = [(right >> 64n) ^ b ^ first, right & MASK, (left >> 64n) ^ d ^ second, left & MASK];
    first = (first + WEYL[0]) & MASK;
    second = (second + WEYL[1]) & MASK;
  }
  return [a, b, c, d];
}

/**
 * Random numbers of 32 bits from one address on. The first word of the counter is raised before each block; of each
 * word of 64 bits the lower half comes first.
 *
 * @param {bigint[]} key two words
 * @param {bigint[]} counter four words
 * @returns {() => number} a function that returns the next number
 */
export function numbers32(key, counter) {
  let [blocks, ...address] = counter;
  let waiting = [];
  return () => {
    if (!waiting.length) {
      blocks = (blocks + 1n) & MASK;
      waiting = block([blocks, ...address], key).flatMap((word) => [Number(word & 0xffffffffn), Number(word >> 32n)]);
    }
    return waiting.shift();
  };
}
