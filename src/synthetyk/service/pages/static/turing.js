// Keys 1 and 2 answer; an answer is sent once.

const answers = [...document.querySelectorAll(".pair button")];
const form = answers[0].form;

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const chosen = answers[["1", "2"].indexOf(event.key)];
  if (chosen) form.requestSubmit(chosen);
});

form.addEventListener("submit", (event) => {
  if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => form.removeAttribute("aria-busy"));
