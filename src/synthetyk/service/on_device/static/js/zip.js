// A ZIP file of files that are packed already (APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16), names in UTF-8.

import { crc32 } from "./crc32.js";
import { joined } from "./png-write.js";

const VERSION = 20;
const UTF8 = 0x0800;
const FIRST_DAY = 0x21; // 1 January 1980: no time, so that the same images give the same bytes

/**
 * @param {{name: string, data: Uint8Array}[]} files
 * @returns {Uint8Array}
 */
export function zipOf(files) {
  const parts = [];
  const directory = [];
  let at = 0;
  for (const { name, data } of files) {
    const words = new TextEncoder().encode(name);
    const about = [VERSION, UTF8, 0, 0, FIRST_DAY];
    const sizes = [crc32(data), data.length, data.length];
    const local = joined([
      numbers([0x04034b50], 4),
      numbers(about, 2),
      numbers(sizes, 4),
      numbers([words.length, 0], 2),
      words,
    ]);
    const entry = [numbers([0x02014b50], 4), numbers([VERSION, ...about], 2), numbers(sizes, 4)];
    directory.push(...entry, numbers([words.length, 0, 0, 0, 0], 2), numbers([0, at], 4), words);
    parts.push(local, data);
    at += local.length + data.length;
  }
  const list = joined(directory);
  const end = [
    numbers([0x06054b50], 4),
    numbers([0, 0, files.length, files.length], 2),
    numbers([list.length, at], 4),
    numbers([0], 2),
  ];
  return joined([...parts, list, ...end]);
}

/** Whole numbers of `size` bytes each, the lowest byte first. */
function numbers(values, size) {
  const view = new DataView(new ArrayBuffer(values.length * size));
  values.forEach((value, index) =>
    size === 4 ? view.setUint32(4 * index, value, true) : view.setUint16(2 * index, value, true),
  );
  return new Uint8Array(view.buffer);
}
