/** The page: what comes from the proxy, and where it is shown. */
import { ask } from "./access.js";
import { showBackends, stepBackends } from "./backends.js";
import { byId, keep, make, mark, say } from "./elements.js";
import { follow } from "./feed.js";
import { showConfig, showErrors, showFigures, showFoot, showRoutes } from "./ledgers.js";
import { plotsOfAll } from "./plots.js";
import { Series } from "./series.js";
import { startTheme } from "./theme.js";
import { verdict } from "./verdict.js";
import { span } from "./words.js";

/** Between two looks at the list of errors, in ms. */
const ERRORS_MS = 2000;
/** A state that is older counts as old. */
const OLD_MS = 4000;

const series = new Series();
const allPlots = plotsOfAll(series);
let state;
let heardAt = 0;
let lost = true;
let errors = [];
let errorsAsked = { at: 0, failed: -1 };

startTheme();
follow({
  async onOpen() {
    await loadHistory();
    lost = false;
  },
  onEvent(name, data) {
    heardAt = Date.now();
    if (name === "step") takeStep(data);
    else if (name === "state") {
      state = data;
      show();
      void askForErrors();
    }
  },
  onLost() {
    lost = true;
    tellAge();
  },
});
setInterval(tellAge, 1000);

async function loadHistory() {
  const response = await ask("history");
  if (!response.ok) return;
  series.load(await response.json());
  step();
}

function takeStep(data) {
  if (series.add(data)) void loadHistory();
  else step();
}

function step() {
  for (const plot of allPlots) plot.update();
  stepBackends();
}

function show() {
  const now = Date.now();
  showFigures(state);
  showBackends(state, series, now);
  showRoutes(state);
  showConfig(state, now);
  showErrors(errors, now);
  showFoot(state);
  const { tone, words } = verdict(state, now);
  const sentence = byId("verdict");
  mark(sentence, "class", `verdict ${tone}`.trim());
  if (sentence.textContent !== words.join("")) {
    sentence.replaceChildren(words[0], make("strong", {}, words[1]), words[2]);
  }
  // What is read aloud: the point of it, without what changes by the second.
  say(byId("said"), words[0] + words[1]);
  document.title = `${tone === "" ? "" : "● "}${words.join("").split(/[.:]/)[0]} – Sluice`;
  tellAge();
}

/** Says how old what is shown is, and what stands in the way. */
function tellAge() {
  const age = Date.now() - heardAt;
  const isOld = lost || age > OLD_MS;
  const live = byId("live");
  live.className = heardAt === 0 ? "live" : isOld ? "live lost" : "live fresh";
  say(byId("live-text"), heardAt === 0 ? "Connecting" : isOld ? `As of ${span(age)} ago` : "Live");
  const notices = [];
  if (heardAt !== 0 && lost) {
    notices.push({
      key: "lost",
      text: "No connection to the proxy. What you see is old; this page goes on trying.",
    });
  }
  if (state?.reloads.last?.result === "refused") {
    notices.push({
      key: "config",
      text: "The new config was refused; the one before runs on.",
      detail: state.reloads.last.cause,
    });
  }
  keep(byId("notices"), notices, {
    key: ({ key }) => key,
    create: ({ key }) => make("div", { class: key === "lost" ? "bad" : "" }, make("span"), make("pre")),
    update: (element, { text, detail }) => {
      say(element.firstChild, text);
      say(element.lastChild, detail ?? "");
      element.lastChild.hidden = detail === undefined;
    },
  });
}

/** Asks for the errors where there are more than before. */
async function askForErrors() {
  const now = Date.now();
  const failed = state.failed + state.errors;
  if (now - errorsAsked.at < ERRORS_MS || failed === errorsAsked.failed) return;
  errorsAsked = { at: now, failed };
  const response = await ask("api/errors?limit=30").catch(() => undefined);
  if (response?.ok !== true) return;
  errors = await response.json();
  showErrors(errors, Date.now());
}
