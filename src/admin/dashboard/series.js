/** The plots' numbers: the history as it was asked for, and each step since. */

/** Steps that a plot shows: 15 minutes. */
const PLOT_STEPS = 180;
const PLOT_KEYS = ["requests", "errors", "p50", "p99"];

/** What the plots of everything (under the name "") and of each backend show. */
export class Series {
  #stepMs = 5000;
  #step = -1;
  #endedAt = Date.now();
  #plots = new Map();

  /** Number of the last step; -1 while nothing is known. */
  get step() {
    return this.#step;
  }

  /** Takes over a whole history. */
  load({ step_ms, step, ended_at, all, backends }) {
    this.#stepMs = step_ms;
    this.#step = step;
    this.#endedAt = ended_at;
    this.#plots = new Map([["", all], ...backends.map((backend) => [backend.name, backend])]);
    this.#plots.forEach((plot, name) => plot === null && this.#plots.delete(name));
  }

  /** Takes over one step. Returns whether one is missing before it, so that the history has to be asked for. */
  add({ step, ended_at, all, backends }) {
    if (step <= this.#step) return step < this.#step;
    if (this.#step === -1 || step > this.#step + 1) return true;
    this.#step = step;
    this.#endedAt = ended_at;
    const points = new Map([["", all], ...backends.map((backend) => [backend.name, backend])]);
    for (const name of this.#plots.keys()) if (!points.has(name)) this.#plots.delete(name);
    for (const [name, point] of points) {
      const plot = this.#plots.get(name) ?? Object.fromEntries(PLOT_KEYS.map((key) => [key, []]));
      this.#plots.set(name, plot);
      for (const key of PLOT_KEYS) plot[key] = [...plot[key], point[key]].slice(-PLOT_STEPS);
    }
    return false;
  }

  /** The numbers of one plot: times in seconds since 1970, then those of each of `keys`. */
  of(name, keys) {
    const plot = this.#plots.get(name);
    const times = Array.from(
      { length: PLOT_STEPS },
      (_, i) => (this.#endedAt - (PLOT_STEPS - 1 - i) * this.#stepMs) / 1000,
    );
    const aligned = (values = []) => [...Array(PLOT_STEPS - values.length).fill(null), ...values];
    return [times, ...keys.map((key) => aligned(plot?.[key]))];
  }
}
