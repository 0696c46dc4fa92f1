/** The backends: each with its plots, and a lane for every server. */
import { byId, keep, make, say } from "./elements.js";
import { Lane, laneHeads } from "./lanes.js";
import { Plot } from "./plots.js";
import { many } from "./words.js";

/** Lanes that a backend shows until somebody asks for the rest; those that are not up come first then. */
const MOST_LANES = 40;
/** Times that the water is kept as high as it was, so that it does not jump with the highest of the moment. */
const SINKS = 0.98;

/** Brings all backends up to date. */
export function showBackends(state, series, now) {
  keep(byId("backends"), state.backends, {
    key: ({ name }) => name,
    create: (backend) => new BackendView(backend, series).element,
    update: (element, backend) => element.view.update(backend, now),
  });
}

/** Shows the new step of all backends. */
export function stepBackends() {
  for (const { view } of byId("backends").children) view.step();
}

class BackendView {
  element;
  #name;
  #title;
  #said = make("p");
  #lanes = make("ol", { class: "lanes", role: "list" });
  #rest;
  #showsAll = false;
  #plots;
  #most = 1;

  constructor({ name }, series) {
    this.#name = name;
    this.#title = make("h2", {}, name);
    this.#plots = [new Plot("flow", name, series), new Plot("wait", name, series)];
    this.#rest = make("button", {
      type: "button",
      class: "quiet",
      onclick: () => {
        this.#showsAll = true;
        this.#rest.hidden = true;
      },
    });
    this.element = make(
      "article",
      { class: "backend", "aria-label": `Backend ${name}` },
      make("div", { class: "backend-head" }, this.#title, this.#said),
      make("div", { class: "plots" }, ...this.#plots.map(({ element }) => element)),
      make("div", { class: "lanes-all" }, laneHeads(), this.#lanes),
      make("p", { class: "rest" }, this.#rest),
    );
    this.element.view = this;
    this.step();
  }

  update(backend, now) {
    const { servers, available, balance } = backend;
    const some = available === servers.length
      ? many(servers.length, "server")
      : `${available} of ${many(servers.length, "server")} take${available === 1 ? "s" : ""} requests`;
    say(this.#said, `${some}, ${balance}, ${backend.in_flight} in flight`);
    this.#said.classList.toggle("bad", available === 0);
    const shown = this.#showsAll || servers.length <= MOST_LANES
      ? servers
      : [...servers].sort((a, b) => isUp(a) - isUp(b)).slice(0, MOST_LANES);
    this.#rest.hidden = shown.length === servers.length;
    say(this.#rest, `Show all ${servers.length} servers`);
    const highest = Math.max(...servers.map(({ flow }) => Math.max(0, ...flow)));
    this.#most = Math.max(highest, this.#most * SINKS, 1);
    keep(this.#lanes, shown, {
      key: ({ url }) => url,
      create: (server) => {
        const lane = new Lane(this.#name, server);
        lane.element.lane = lane;
        return lane.element;
      },
      update: (element, server) =>
        element.lane.update(server, {
          most: this.#most,
          others: available - (server.available ? 1 : 0),
          now,
        }),
    });
  }

  step() {
    for (const plot of this.#plots) plot.update();
  }
}

function isUp({ condition }) {
  return condition === "up" ? 1 : 0;
}
