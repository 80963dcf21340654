// Where there is room, what a phone keeps folded stands open.

if (matchMedia("(min-width: 60rem)").matches) {
  for (const part of document.querySelectorAll("details[data-wide]")) part.open = true;
}
