// The slider that lays a heat map over its image; without scripts the heat map stands there as strong as it is at first.

const heat = document.getElementById("heat");
const slider = document.getElementById("slider");

if (heat && slider) {
  const opacity = document.getElementById("opacity");
  const set = () => {
    heat.style.opacity = opacity.value / 100;
    opacity.setAttribute("aria-valuetext", `${opacity.value} percent`);
  };
  opacity.addEventListener("input", set);
  slider.hidden = false;
  set();
}
