// Keeps the part of a page fresh that changes while a command works, and says aloud only what is new.

const EVERY = 2000; // milliseconds
const part = document.getElementById("live");
const said = document.getElementById("say");

function reachable() {
  return [...part.querySelectorAll("a, summary, [tabindex]")];
}

function kept() {
  const open = [...part.querySelectorAll("details")].map((each) => each.open);
  const log = part.querySelector(".log");
  return { open, scrolled: log ? log.scrollTop : 0, focused: reachable().indexOf(document.activeElement) };
}

function put(html, before) {
  const made = new DOMParser().parseFromString(html, "text/html");
  part.replaceChildren(...made.body.childNodes);
  part.querySelectorAll("details").forEach((each, number) => { each.open = Boolean(before.open[number]); });
  const log = part.querySelector(".log");
  if (log) log.scrollTop = before.scrolled;
  if (before.focused >= 0) reachable()[before.focused]?.focus({ preventScroll: true });
}

async function look() {
  if (document.hidden) return true;
  let answer;
  try {
    answer = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
  } catch {
    return true; // the service is being started again: the command goes on without it
  }
  if (!answer.ok) return true;
  put(await answer.text(), kept());
  const { state, say } = part.querySelector("[data-state]").dataset;
  if (said.textContent !== say) said.textContent = say;
  return state === "running";
}

while (await look()) await new Promise((resolve) => setTimeout(resolve, EVERY));
location.reload(); // all of the page is new now
