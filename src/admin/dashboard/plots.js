/** Requests, errors and latencies over the last 15 minutes, drawn by uPlot. */
import { byId, make, say } from "./elements.js";
import { latency, rate } from "./words.js";

const PLOT_HEIGHT = 138;
const CURSORS = uPlot.sync("time");

/** All plots there are, to be drawn anew where the colours change. */
const plots = new Set();

/** What a plot shows: its keys in the history, how they are drawn, and how their numbers are said. */
const KINDS = {
  flow: {
    title: "Requests per second",
    keys: ["requests", "errors"],
    labels: { requests: "requests", errors: "errors" },
    say: rate,
    axis: (value) => rate(value),
    series: (colour) => [
      { stroke: colour("--water"), width: 1.5, fill: colour("--foam"), points: { show: false } },
      { stroke: colour("--rust"), width: 1.5, fill: colour("--rust-wash"), points: { show: false } },
    ],
  },
  wait: {
    title: "Latency",
    keys: ["p99", "p50"],
    labels: { p99: "p99", p50: "p50" },
    say: (ms) => latency(ms).join(" ").trim(),
    axis: (ms) => ms === 0 ? "0" : latency(ms).join(" "),
    series: (colour) => [
      { stroke: colour("--foam"), width: 1, fill: colour("--foam"), points: { show: false } },
      { stroke: colour("--water"), width: 1.5, points: { show: false } },
    ],
  },
};

/** One plot of the backend `name`, or of everything; it joins the page by its `element`. */
export class Plot {
  element;
  #kind;
  #name;
  #series;
  #area = make("div", { class: "plot-area", role: "img" });
  #values = new Map();
  #chart;
  #width = 0;
  #hovered = null;

  constructor(kind, name, series, heading = "h3") {
    this.#kind = KINDS[kind];
    this.#name = name;
    this.#series = series;
    const keys = this.#kind.keys.map((key) => {
      const value = make("b");
      this.#values.set(key, value);
      return make("span", { class: `plot-key ${key}` }, make("i"), `${this.#kind.labels[key]} `, value);
    });
    const head = make("div", { class: "plot-head" }, make(heading, {}, this.#kind.title), ...keys);
    this.element = make("div", { class: "plot" }, head, this.#area);
    new ResizeObserver(() => this.#resize()).observe(this.#area);
    plots.add(this);
  }

  /** Shows what is known now. */
  update() {
    const data = this.#series.of(this.#name, this.#kind.keys);
    if (this.#chart !== undefined) this.#chart.setData(data);
    this.#tell(data);
  }

  /** Draws it anew, in the colours of the moment. */
  redraw() {
    this.#chart?.destroy();
    this.#chart = undefined;
    if (this.#width === 0) return;
    const data = this.#series.of(this.#name, this.#kind.keys);
    this.#chart = new uPlot(this.#options(), data, this.#area);
    this.#tell(data);
  }

  /** Is not on the page any more. */
  remove() {
    plots.delete(this);
    this.#chart?.destroy();
  }

  #resize() {
    const width = this.#area.clientWidth;
    if (width === this.#width || width === 0) return;
    this.#width = width;
    if (this.#chart === undefined) this.redraw();
    else this.#chart.setSize({ width, height: PLOT_HEIGHT });
  }

  #tell(data) {
    const last = data[0].length - 1;
    const words = this.#kind.keys.map((key, i) => {
      const values = data[i + 1];
      say(this.#values.get(key), this.#kind.say(values[this.#hovered ?? last]));
      const most = Math.max(...values.map((value) => value ?? 0));
      return `${this.#kind.labels[key]} now ${this.#kind.say(values[last])}, at most ${this.#kind.say(most)}`;
    });
    const of = this.#name === "" ? "" : ` of ${this.#name}`;
    this.#area.setAttribute(
      "aria-label",
      `${this.#kind.title}${of} in the last 15 minutes: ${words.join("; ")}`,
    );
  }

  #options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const font = `11px ${style.fontFamily}`;
    const axis = { stroke: colour("--soft"), font, ticks: { show: false } };
    const { axis: text } = this.#kind;
    return {
      width: this.#width,
      height: PLOT_HEIGHT,
      padding: [10, 14, 0, 0],
      cursor: { sync: { key: CURSORS.key }, points: { show: false }, y: false, drag: { x: false, y: false } },
      legend: { show: false },
      scales: {
        y: { range: (_, _min, max) => [0, Math.max(max * 1.15, this.#kind === KINDS.flow ? 1 : 2)] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          gap: 4,
          space: 90,
          grid: { show: false },
          values: (_, times) => times.map((time) => ago(time)),
          splits: (chart) => [12, 9, 6, 3, 0].map((minutes) => chart.data[0].at(-1) - minutes * 60),
        },
        {
          ...axis,
          size: 46,
          gap: 6,
          space: 34,
          grid: { stroke: colour("--line"), width: 1 },
          values: (_, values) => values.map((value) => text(value)),
        },
      ],
      series: [{}, ...this.#kind.series(colour)],
      hooks: {
        setCursor: [(chart) => {
          this.#hovered = chart.cursor.left >= 0 ? chart.cursor.idx ?? null : null;
          this.#tell(chart.data);
        }],
      },
    };

    function ago(time) {
      const minutes = Math.round((Date.now() / 1000 - time) / 60);
      return minutes <= 0 ? "now" : `−${minutes} min`;
    }
  }
}

/** Draws all plots anew: the colours have changed. */
export function redrawPlots() {
  for (const plot of plots) plot.redraw();
}

/** The two plots of everything. */
export function plotsOfAll(series) {
  const both = [new Plot("flow", "", series), new Plot("wait", "", series)];
  byId("all-plots").append(...both.map(({ element }) => element));
  return both;
}
