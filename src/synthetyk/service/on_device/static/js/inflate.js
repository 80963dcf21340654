// Data in zlib's format, through the browser's own streams.

/**
 * @param {Uint8Array[]} parts of the packed data
 * @param {number} size no more than so many bytes are unpacked, whatever the data says
 * @returns {Promise<Uint8Array | null>} at most `size` bytes; null if the data is damaged before
 */
export async function inflate(parts, size) {
  const result = new Uint8Array(size);
  const reader = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  let at = 0;
  try {
    while (at < size) {
      const { value, done } = await reader.read();
      if (done) break;
      result.set(value.subarray(0, size - at), at);
      at += Math.min(value.length, size - at);
    }
  } catch {
    return null;
  }
  await reader.cancel().catch(() => {});
  return result.subarray(0, at);
}

/** @returns {Promise<Uint8Array>} the data, packed */
export async function deflate(data) {
  const packed = new Blob([data]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
