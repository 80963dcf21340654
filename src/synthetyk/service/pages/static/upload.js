// A drop area takes what is dropped on it or pasted into the page; without scripts its file field does the same.

for (const area of document.querySelectorAll(".drop")) {
  const field = area.querySelector("input[type=file]");
  const over = (on) => (event) => {
    event.preventDefault();
    area.classList.toggle("over", on);
  };
  area.addEventListener("dragenter", over(true));
  area.addEventListener("dragover", over(true));
  area.addEventListener("dragleave", over(false));
  area.addEventListener("drop", (event) => {
    over(false)(event);
    take(field, event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    if (!event.target.matches("input, textarea")) take(field, event.clipboardData);
  });
}

for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => { // beside the area: the browser would leave the page for the file
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}

function take(field, brought) {
  if (!brought?.files.length) return;
  const kept = new DataTransfer();
  for (const file of field.multiple ? brought.files : [brought.files[0]]) kept.items.add(file);
  field.files = kept.files;
  field.focus();
  field.dispatchEvent(new Event("change", { bubbles: true }));
}
