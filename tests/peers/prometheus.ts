import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { RawServer } from "../support/raw-server.ts";
import { programPath } from "./commands.ts";

/** What Prometheus says of one target. */
export interface ScrapedTarget {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A series, and its values in time. */
export interface ScrapedSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}

/** A real Prometheus with data of its own, which scrapes each target every second. */
export class Prometheus {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #folder: string;
  /** What it has logged. */
  log = "";

  private constructor(child: ChildProcess, url: string, folder: string) {
    this.#child = child;
    this.#url = url;
    this.#folder = folder;
    child.stderr!.on("data", (chunk) => this.log += String(chunk));
  }

  /** Starts one that scrapes these targets, `host:port` by job, and waits until it answers. */
  static async start(targets: Readonly<Record<string, string>>): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-prometheus-"));
    const jobs = Object.entries(targets).map(([job, target]) =>
      `  - job_name: ${job}\n    static_configs: [{ targets: ["${target}"] }]\n`
    );
    const config = join(folder, "prometheus.yml");
    const global = "global: { scrape_interval: 1s, scrape_timeout: 1s }\n";
    writeFileSync(config, `${global}scrape_configs:\n${jobs.join("")}`);
    const holder = await RawServer.listen();
    await holder.close();
    const address = `127.0.0.1:${holder.port}`;
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, "data")}`];
    const child = spawn(programPath("prometheus")!, [...args, `--web.listen-address=${address}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const prometheus = new Prometheus(child, `http://${address}`, folder);
    await eventually("Prometheus to be ready", () => prometheus.#isReady(), 30_000);
    return prometheus;
  }

  /** The values of a query at this moment, by the label `job`. */
  async query(query: string): Promise<Readonly<Record<string, number>>> {
    const { result } = await this.#ask<{ result: { metric: { job?: string }; value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(query)}`,
    );
    return Object.fromEntries(result.map(({ metric, value }) => [metric.job ?? "", Number(value[1])]));
  }

  /** How many series a query results in at this moment. */
  async count(query: string): Promise<number> {
    return (await this.#ask<{ result: unknown[] }>(`query?query=${encodeURIComponent(query)}`)).result.length;
  }

  /** All that was scraped of the series that a selector names. */
  async series(selector: string): Promise<readonly ScrapedSeries[]> {
    const { result } = await this.#ask<
      { result: { metric: Record<string, string>; values: [number, string][] }[] }
    >(
      `query?query=${encodeURIComponent(`${selector}[1h]`)}`,
    );
    return result.map(({ metric, values }) => ({
      labels: metric,
      values: values.map(([, value]) => Number(value)),
    }));
  }

  async targets(): Promise<readonly ScrapedTarget[]> {
    return (await this.#ask<{ activeTargets: ScrapedTarget[] }>("targets")).activeTargets;
  }

  /** Ends it, and removes what it has written. */
  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGTERM");
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(`Prometheus ended: ${this.log}`);
    return await fetch(`${this.#url}/-/ready`).then((answer) => answer.ok, () => false);
  }

  async #ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.#url}/api/v1/${path}`);
    const { status, data, error } = await answer.json() as { status: string; data: T; error?: string };
    if (status !== "success") throw new Error(`Prometheus says ${error}`);
    return data;
  }
}
