// Says that a form is being answered, and keeps it from being sent twice meanwhile.

const said = document.getElementById("say");

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", (event) => {
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    if (said) said.textContent = `${form.dataset.busy} …`;
  });
}

addEventListener("pageshow", () => { // also when the reader comes back to the page
  for (const form of document.querySelectorAll("form[data-busy]")) form.removeAttribute("aria-busy");
  if (said) said.textContent = "";
});
