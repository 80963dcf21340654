// BLAKE2b without a key (RFC 7693), as Python's hashlib has it: it makes the key of a generator of random numbers.

const MASK = (1n << 64n) - 1n;
const BLOCK = 128; // bytes

const IV = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
];

const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

// The words that each of the eight mixings of a round works on: first the columns, then the diagonals.
const MIXED = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15],
  [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
];

/**
 * @param {Uint8Array} message
 * @param {number} size bytes of the digest, 1 to 64
 * @returns {Uint8Array}
 */
export function blake2b(message, size) {
  const state = [...IV];
  state[0] ^= 0x01010000n ^ BigInt(size);
  const blocks = Math.max(1, Math.ceil(message.length / BLOCK));
  for (let block = 0; block < blocks; block += 1) {
    const last = block === blocks - 1;
    compress(state, wordsOf(message, block * BLOCK), last ? message.length : (block + 1) * BLOCK, last);
  }
  const digest = new DataView(new ArrayBuffer(64));
  state.forEach((word, index) => digest.setBigUint64(8 * index, word, true));
  return new Uint8Array(digest.buffer, 0, size);
}

function wordsOf(message, from) {
  const padded = new Uint8Array(BLOCK);
  padded.set(message.subarray(from, from + BLOCK));
  const view = new DataView(padded.buffer);
  return Array.from({ length: 16 }, (_, index) => view.getBigUint64(8 * index, true));
}

function compress(state, words, count, last) {
  const v = [...state, ...IV];
  v[12] ^= BigInt(count);
  if (last) v[14] ^= MASK;
  for (let round = 0; round < 12; round += 1) {
    const order = SIGMA[round % 10];
    MIXED.forEach((places, index) => mix(v, places, words[order[2 * index]], words[order[2 * index + 1]]));
  }
  for (let index = 0; index < 8; index += 1) state[index] ^= v[index] ^ v[index + 8];
}

function mix(v, [a, b, c, d], x, y) {
  v[a] = (v[a] + v[b] + x) & MASK;
  v[d] = rotated(v[d] ^ v[a], 32n);
  v[c] = (v[c] + v[d]) & MASK;
  v[b] = rotated(v[b] ^ v[c], 24n);
  v[a] = (v[a] + v[b] + y) & MASK;
  v[d] = rotated(v[d] ^ v[a], 16n);
  v[c] = (v[c] + v[d]) & MASK;
  v[b] = rotated(v[b] ^ v[c], 63n);
}

function rotated(word, bits) {
  return (word >> bits) | ((word << (64n - bits)) & MASK);
}
