/** Light and dark: as the system has it, or as somebody chose here. */
import { byId } from "./elements.js";
import { redrawPlots } from "./plots.js";

const THEME_KEY = "sluice-theme";
const CHOICES = ["auto", "light", "dark"];
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Shows the colours that are wanted, and listens to the switch and the system. */
export function startTheme() {
  const button = byId("theme");
  let choice = CHOICES.includes(localStorage.getItem(THEME_KEY)) ? localStorage.getItem(THEME_KEY) : "auto";
  const show = () => {
    document.documentElement.classList.toggle(
      "dark",
      choice === "dark" || (choice === "auto" && dark.matches),
    );
    button.textContent = choice[0].toUpperCase() + choice.slice(1);
    button.setAttribute("aria-label", `Colours: ${button.textContent}`);
    redrawPlots();
  };
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    localStorage.setItem(THEME_KEY, choice);
    show();
  });
  dark.addEventListener("change", show);
  show();
}
