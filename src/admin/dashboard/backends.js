/** The backends: each with its plots, and a lane for every server. */
import { byId, keep, make, say } from "./elements.js";
import { Lane, laneHeads } from "./lanes.js";
import { Plot } from "./plots.js";
import { many, span } from "./words.js";

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

/** The whole state in one sentence: how bad it is, and its words; those in the middle are the point of it. */
export function verdict({ backends, ready, minute }, now) {
  const servers = backends.flatMap((backend) =>
    backend.servers.map((server) => ({ ...server, backend: backend.name }))
  );
  const empty = backends.filter(({ servers, available }) => servers.length > 0 && available === 0);
  if (!ready) {
    return { tone: "warned", words: ["", "The proxy takes no new requests", ": it starts, or drains."] };
  }
  if (empty.length > 0) {
    const names = empty.map(({ name }) => name).join(", ");
    return { tone: "bad", words: ["", `${names} has no server left`, ": its requests fail."] };
  }
  const out = servers.filter((server) => ["down", "ejected", "unprobed"].includes(server.condition));
  if (out.length === 1) {
    const [{ backend, url, why, since }] = out;
    const long = since === null ? "" : ` for ${span(now - Date.parse(since))}`;
    return {
      tone: "bad",
      words: [
        "",
        `${url.replace(/^http:\/\//, "")} is out`,
        `${long} (${why}). The others of ${backend} carry on.`,
      ],
    };
  }
  if (out.length > 1) {
    return {
      tone: "bad",
      words: ["", `${out.length} of ${servers.length} servers are out`, ". The others carry on."],
    };
  }
  const aside = servers.filter((server) => ["drain", "maint"].includes(server.condition));
  const all = aside.length === 0
    ? `${servers.length === 1 ? "The server takes" : `All ${servers.length} servers take`} requests`
    : `${many(aside.length, "server")} set aside by the operator, the rest take requests`;
  const errors = minute.error_rate > 0.01 ? `; ${Math.round(minute.error_rate * 100)} % of them fail` : "";
  return { tone: errors === "" ? "" : "bad", words: [all, errors, "."] };
}
