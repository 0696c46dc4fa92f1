import packageJson from "../../package.json" with { type: "json" };
import type { Log } from "../base/log.ts";
import type { TracingConfig } from "../config/sections/tracing.ts";
import { exportToJson, spanToJson } from "./otlp.ts";
import { type ExportResult, postSpans, withoutQuery } from "./post-spans.ts";
import type { Span, SpanSink } from "./span.ts";
import { SummedEvent } from "./summed-event.ts";

/** Times that one export is tried where the collector cannot be reached, or says that it is busy. */
const MAX_TRIES = 5;
/** Wait before the second try, in ms; each further one is twice as long. */
const FIRST_WAIT_MS = 1000;
/** The longest wait that a collector may ask for, in ms. */
const MAX_WAIT_MS = 30_000;

/** Time that the last spans get to be sent at a stop, in ms. */
export const LAST_SPANS_MS = 2000;

/** Why spans were lost: there was no place, or the collector did not take them, or could not be reached. */
const SPAN_LOSSES = ["queue_full", "refused", "unreachable"] as const;
type SpanLoss = (typeof SPAN_LOSSES)[number];

/**
 * Sends spans to a collector, one export at a time, and has nobody wait: what its bounded queue has no place for, and what
 * the collector does not take, is dropped and counted. It outlives configs, so that what requests of an old one leave
 * behind goes where the new one says.
 */
export class SpanExport implements SpanSink {
  readonly #log: Log;
  readonly #post: typeof postSpans;
  /** Where spans go; undefined until there was a config with tracing. */
  #config: TracingConfig | undefined;
  /** Whether spans are taken. */
  #open = false;
  /** Spans that wait, as texts. */
  readonly #queue: string[] = [];
  /** Until an export that is not full is sent. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Exports are under way, one after another. */
  #sending: Promise<void> | undefined;
  /** Ends the wait for another try. */
  #hurry = () => {};
  readonly #stop = new AbortController();
  /** Whether the last export failed. */
  #fails = false;
  #sent = 0;
  readonly #lost = new Map<SpanLoss, number>(SPAN_LOSSES.map((loss) => [loss, 0]));
  readonly #lossEvents: ReadonlyMap<SpanLoss, SummedEvent>;

  /** `post` sends one export. */
  constructor(log: Log, post: typeof postSpans = postSpans) {
    this.#log = log;
    this.#post = post;
    this.#lossEvents = new Map(
      SPAN_LOSSES.map((reason) => [
        reason,
        new SummedEvent((count) => log.warn("spans_dropped", { reason, count })),
      ]),
    );
  }

  /** Spans that a collector has taken. */
  get sent(): number {
    return this.#sent;
  }

  /** Spans that were dropped, by why. */
  get lost(): ReadonlyMap<SpanLoss, number> {
    return this.#lost;
  }

  /** Spans that wait to be sent. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Sends by `config` from now on; without one nothing more is taken, and what waits goes where it was to go. */
  use(config: TracingConfig | undefined): void {
    this.#open = config !== undefined;
    this.#config = config ?? this.#config;
    this.#hurry(); // perhaps the collector is another one, which is there
    if (config === undefined && this.#queue.length > 0) this.#begin();
  }

  add(span: Span): void {
    if (!this.#open) return;
    const { queueSize, batchSize } = this.#config!;
    if (this.#queue.length >= queueSize) return this.#lose(1, "queue_full");
    this.#queue.push(spanToJson(span));
    if (this.#queue.length >= batchSize) this.#begin();
    else this.#schedule();
  }

  /** Takes nothing more and sends what waits, in `ms` at most; what is left is lost. */
  async close(ms: number): Promise<void> {
    this.use(undefined);
    const timer = setTimeout(() => this.#stop.abort(), ms);
    await this.#sending;
    clearTimeout(timer);
    clearTimeout(this.#timer);
    for (const event of this.#lossEvents.values()) event.close();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#sending !== undefined) return;
    this.#timer = setTimeout(() => this.#begin(), this.#config!.batchDelay);
    this.#timer.unref();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendBatches().finally(() => {
      this.#sending = undefined;
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  async #sendBatches(): Promise<void> {
    do {
      const { batchSize } = this.#config!;
      await this.#sendBatch(this.#queue.splice(0, batchSize));
    } while (this.#queue.length >= (this.#open ? this.#config!.batchSize : 1));
  }

  /** Sends one export, again and again if need be, or loses it. */
  async #sendBatch(batch: readonly string[]): Promise<void> {
    for (let tries = 1;; tries++) {
      if (this.#stop.signal.aborted) return this.#lose(batch.length, "unreachable");
      const config = this.#config!;
      const result = await this.#post(config, exportToJson(batch, resourceOf(config)), this.#stop.signal);
      this.#report(result, config);
      if (result.kind === "taken") {
        const rejected = Math.min(result.rejected, batch.length);
        this.#sent += batch.length - rejected;
        return this.#lose(rejected, "refused");
      }
      if (result.kind === "refused") return this.#lose(batch.length, "refused");
      if (tries >= MAX_TRIES || !this.#open) return this.#lose(batch.length, "unreachable");
      await this.#pause(result.waitMs ?? FIRST_WAIT_MS * 2 ** (tries - 1));
    }
  }

  /** Says it once that spans do not arrive, and once that they do again. */
  #report(result: ExportResult, { endpoint }: TracingConfig): void {
    const failed = result.kind !== "taken";
    if (failed === this.#fails) return;
    this.#fails = failed;
    const to = withoutQuery(endpoint);
    if (failed) this.#log.warn("spans_not_sent", { endpoint: to, cause: result.cause });
    else this.#log.info("spans_sent_again", { endpoint: to });
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.max(0, ms), MAX_WAIT_MS));
      timer.unref();
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#hurry = () => {};
  }

  #lose(count: number, reason: SpanLoss): void {
    if (count === 0) return;
    this.#lost.set(reason, this.#lost.get(reason)! + count);
    this.#lossEvents.get(reason)!.add(count);
  }
}

/** What the spans of `config` were made by (OpenTelemetry's conventions for resources). */
function resourceOf({ serviceName, attributes }: TracingConfig): Record<string, string> {
  return { "service.name": serviceName, "service.version": packageJson.version, ...attributes };
}
