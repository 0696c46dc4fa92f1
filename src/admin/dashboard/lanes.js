/** A server as a lane of water behind its gate. */
import { operate } from "./operate.js";
import { make, mark, say } from "./elements.js";
import { bytes, count, latency, many, percent, rate, serverName, span } from "./words.js";

/** Up, down and the like, as the lane says it. */
const WORDS = {
  up: "up",
  down: "down",
  ejected: "ejected",
  unprobed: "not probed yet",
  spent: "spent",
  drain: "draining",
  maint: "in maintenance",
  off: "weight 0",
};

/** Share of errors from which on it stands out. */
const BAD_ERRORS = 0.01;
const LANE_WIDTH = 120;
const LANE_HEIGHT = 36;
let lanes = 0;

/** What stands above the lanes. */
export function laneHeads() {
  const titles = [
    "server",
    "requests in the last minute",
    "req/s",
    "in flight",
    "p50",
    "p99",
    "errors",
    "",
  ];
  return make(
    "div",
    { class: "lane-heads", "aria-hidden": "true" },
    ...titles.map((title) => make("span", {}, title)),
  );
}

/** The lane of one server of a backend. */
export class Lane {
  element;
  #parts = {};
  #server;
  #others = 0;
  #backend;

  constructor(backend, server) {
    this.#backend = backend;
    const id = `lane-${lanes++}`;
    const parts = this.#parts;
    parts.word = make("span", { class: "word" });
    parts.since = make("span");
    parts.channel = make("div", { class: "channel" });
    parts.why = make("p", { hidden: true });
    parts.surface = make("path", { class: "channel-surface" });
    parts.water = make("path", { class: "channel-water" });
    parts.clip = make("path");
    const currents = [0.3, 0.55, 0.8].map((depth) =>
      make("path", { class: "channel-current", d: `M0 ${LANE_HEIGHT * depth}H${LANE_WIDTH}` })
    );
    parts.channel.append(
      make(
        "svg",
        { viewBox: `0 0 ${LANE_WIDTH} ${LANE_HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
        make("clipPath", { id: `${id}-clip` }, parts.clip),
        parts.water,
        make("g", { "clip-path": `url(#${id}-clip)` }, ...currents),
        parts.surface,
      ),
      parts.why,
    );
    parts.rate = figure("req/s");
    parts.inFlight = figure("in flight");
    parts.p50 = figure("p50");
    parts.p99 = figure("p99");
    parts.errors = figure("errors");
    parts.turn = make("button", { type: "button", class: "quiet", onclick: () => this.#turn() });
    parts.more = make(
      "button",
      {
        type: "button",
        class: "quiet more",
        "aria-expanded": "false",
        "aria-controls": id,
        "aria-label": `More about ${serverName(server.url)}`,
        onclick: () => this.#open(),
      },
      make("svg", { viewBox: "0 0 12 20", "aria-hidden": "true" }, make("path", { d: "M2 8l4 4 4-4" })),
    );
    parts.details = make("div", { class: "lane-more", id, hidden: true });
    this.element = make(
      "li",
      { class: "lane" },
      make(
        "div",
        { class: "lane-main" },
        make(
          "div",
          { class: "lane-name" },
          make("b", { title: server.url }, serverName(server.url)),
          make("span", {}, parts.word, parts.since),
        ),
        make("div", { class: "reach" }, make("div", { class: "reservoir" }), gate(), parts.channel),
        ...[parts.rate, parts.inFlight, parts.p50, parts.p99, parts.errors].map(({ element }) => element),
        make("div", { class: "lane-does" }, parts.turn, parts.more),
      ),
      parts.details,
    );
  }

  /**
   * `most` is the highest rate of its backend's servers, by which all are drawn; `others` how many of those take requests
   * besides this one.
   */
  update(server, { most, others, now }) {
    this.#server = server;
    this.#others = others;
    const { condition, why, minute, flow, state } = server;
    const parts = this.#parts;
    mark(this.element, "data-condition", condition);
    say(parts.word, WORDS[condition] ?? condition);
    say(parts.since, sinceOf(server, now));
    parts.why.hidden = why === null;
    say(parts.why, why === null ? "" : why + backAgain(server, now));
    mark(parts.why, "title", parts.why.textContent);
    this.#pour(condition === "up" || minute.requests > 0 ? flow : [], most);
    parts.rate.say(rate(minute.per_second));
    parts.inFlight.say(count(server.in_flight));
    parts.p50.say(latency(minute.p50_ms).join(" ").trim());
    parts.p99.say(latency(minute.p99_ms).join(" ").trim());
    parts.errors.say(
      minute.requests === 0 ? "–" : percent(minute.error_rate),
      minute.error_rate >= BAD_ERRORS,
    );
    say(parts.turn, state === "ready" ? "Drain" : "Ready");
    mark(parts.turn, "aria-label", `${state === "ready" ? "Drain" : "Ready"} ${serverName(server.url)}`);
    if (!parts.details.hidden) this.#detail(now);
  }

  /** Draws the water: the newest of the last minute at the gate, the oldest at the end. */
  #pour(flow, most) {
    const { water, surface, clip, channel } = this.#parts;
    const live = flow.length > 0 && Math.max(...flow) > 0;
    channel.classList.toggle("still", !live || flow[0] === 0);
    const points = (live ? flow : []).map((perSecond, i) => [
      flow.length === 1 ? 0 : i * LANE_WIDTH / (flow.length - 1),
      LANE_HEIGHT - 2 - Math.sqrt(perSecond / most) * (LANE_HEIGHT - 8),
    ]);
    if (points.length === 1) points.push([LANE_WIDTH, points[0][1]]);
    const line = curve(points);
    const area = line === "" ? "" : `${line}V${LANE_HEIGHT}H0Z`;
    for (const [path, d] of [[water, area], [clip, area], [surface, line]]) mark(path, "d", d);
    // The more comes, the faster it runs: from 6 s for a length of current down to half a second.
    const pace = live ? Math.min(6, Math.max(0.5, 4 / Math.log2(2 + flow[0]))) : 6;
    channel.style.setProperty("--pace", `${pace.toFixed(1)}s`);
  }

  #turn() {
    const { state } = this.#server;
    this.#operate({ state: state === "ready" ? "drain" : "ready" });
  }

  #operate(change) {
    operate({ backend: this.#backend, server: this.#server, others: this.#others }, change);
  }

  #open() {
    const { details, more } = this.#parts;
    details.hidden = !details.hidden;
    more.setAttribute("aria-expanded", String(!details.hidden));
    if (details.hidden) return;
    if (details.childElementCount === 0) this.#fill();
    this.#detail(Date.now());
  }

  #fill() {
    const list = make("dl");
    this.#parts.facts = new Map();
    for (
      const name of ["last probe", "five minutes", "weight", "connections", "since the start", "failed by"]
    ) {
      const fact = make("dd");
      this.#parts.facts.set(name, fact);
      const isLong = !["five minutes", "weight", "connections"].includes(name);
      list.append(make("div", isLong ? { class: "wide" } : {}, make("dt", {}, name), fact));
    }
    const button = (text, change) =>
      make("button", {
        type: "button",
        class: "quiet",
        onclick: () => this.#operate(change(this.#server)),
      }, text);
    this.#parts.details.append(
      list,
      make(
        "div",
        { class: "buttons" },
        button("Maintenance", () => ({ state: "maint" })),
        button("Set weight", ({ weight }) => ({ weight })),
      ),
    );
  }

  #detail(now) {
    const server = this.#server;
    const { last_probe: probe, five_minutes: five, failures } = server;
    const facts = {
      "last probe": probe === null
        ? "none"
        : `${probe.code}${probe.detail === null ? "" : `, ${probe.detail}`}, ${
          latency(probe.ms).join(" ")
        }, ${span(now - Date.parse(probe.at))} ago`,
      "five minutes": `${rate(five.per_second)} req/s, ${percent(five.error_rate)} errors, p95 ${
        latency(five.p95_ms).join(" ").trim()
      }`,
      weight: server.effective_weight === server.weight
        ? `${server.weight}, priority ${server.priority}`
        : `${server.effective_weight} of ${server.weight}, being brought up`,
      connections: `${server.connections}${
        server.max_connections > 0 ? ` of ${server.max_connections}` : ""
      }`,
      "since the start": `${many(server.requests, "request")}, ${many(server.errors, "error")}, ${
        bytes(server.bytes_out)
      } sent, ${server.retries} went on elsewhere, ${many(server.ejections, "ejection")}`,
      "failed by": Object.entries(failures).map(([reason, times]) => `${reason} ${times}`).join(", ") ||
        "nothing",
    };
    for (const [name, text] of Object.entries(facts)) say(this.#parts.facts.get(name), text);
  }
}

/** Since when it is as it is, where that is known: nobody notes when an operator said something. */
function sinceOf({ since, state }, now) {
  return since === null || state !== "ready" ? "" : ` for ${span(now - Date.parse(since))}`;
}

/** When that is over, where it is known. */
function backAgain({ ejected_until, operator_until = null }, now) {
  const until = ejected_until ?? operator_until;
  return until === null ? "" : `, back in ${span(Date.parse(until) - now)}`;
}

/** A number that stands on its own line of a narrow page, with its name for those who do not see the columns. */
function figure(name) {
  const value = make("span");
  const element = make("div", { class: "number" }, make("span", { class: "vh" }, name), value);
  return {
    element,
    say(text, isBad = false) {
      say(value, text);
      value.classList.toggle("bad", isBad);
    },
  };
}

/** A sluice gate: two posts, a plate that is up or down, and the water that comes through. */
function gate() {
  return make(
    "svg",
    { class: "gate", viewBox: "0 0 26 44", "aria-hidden": "true" },
    make("rect", { class: "gate-water", x: "1", y: "25", width: "25", height: "19" }),
    make("rect", { class: "gate-plate", x: "3", y: "2", width: "20", height: "20" }),
    make("path", { class: "gate-posts", d: "M2.5 0v44M23.5 0v44" }),
  );
}

/** A smooth line through points from left to right. */
function curve(points) {
  let path = "";
  points.forEach(([x, y], i) => {
    if (i === 0) path = `M${fixed(x)} ${fixed(y)}`;
    else {
      const [beforeX, beforeY] = points[i - 1];
      const middle = (beforeX + x) / 2;
      path += `C${fixed(middle)} ${fixed(beforeY)} ${fixed(middle)} ${fixed(y)} ${fixed(x)} ${fixed(y)}`;
    }
  });
  return path;
}

function fixed(number) {
  return String(Math.round(number * 10) / 10);
}
