// Small helpers for what the page shows. Text goes in as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** @returns {HTMLElement} the one with that id */
export function at(id) {
  return document.getElementById(id);
}

/** Make an element with properties, and what stands in it. */
export function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Show a message in an element that is hidden while there is none. */
export function tell(element, message) {
  element.textContent = message;
  element.hidden = !message;
}

export function percent(share) {
  return `${(100 * share).toFixed(1)}%`;
}

/** A bar as long as a share; the share itself stands beside it in words. */
export function bar(share) {
  const drawing = document.createElementNS(SVG, "svg");
  const length = document.createElementNS(SVG, "rect");
  const attributes = { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(attributes)) drawing.setAttribute(name, value);
  length.setAttribute("width", 100 * share);
  length.setAttribute("height", 1);
  drawing.append(length);
  return drawing;
}

/** What people call a class. */
export function titleOf(each) {
  return each.title || each.name;
}

/**
 * Draw an image pixel by pixel.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Uint8Array} planes (C, H, W)
 * @param {number[]} shape
 */
export function paint(canvas, planes, [channels, height, width]) {
  const area = height * width;
  const image = new ImageData(width, height);
  for (let pixel = 0; pixel < area; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[4 * pixel + channel] = planes[(channel % channels) * area + pixel];
    }
    image.data[4 * pixel + 3] = 255;
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Hand a file to whoever reads the page. */
export function save(name, data, type) {
  const address = URL.createObjectURL(new Blob([data], { type }));
  made("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
