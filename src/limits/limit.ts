import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { ProxyError } from "../base/errors.ts";
import { type LimitConfig, nameOfLimit } from "../config/sections/rate-limit.ts";
import { clientsIn } from "../config/values/trusted-proxy.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { StageParts } from "../message/stage.ts";
import type { Count } from "../message/stage-metrics.ts";
import type { BucketSize } from "./bucket.ts";
import { BucketTable } from "./bucket-table.ts";
import { bucketOf, policyItem } from "./rate-limit-fields.ts";
import { compileKey, type CountKey } from "./request-key.ts";

/** One limit, with the buckets that it has in memory. What it says is of the request that it looked at last. */
export class Limit {
  readonly config: LimitConfig;
  readonly name: string;
  readonly size: BucketSize;
  /** What the request fails with that it refuses. */
  readonly refusal: ProxyError;
  /** Its item of the field RateLimit-Policy. */
  readonly policy: string;
  /** The same as bytes, and what its item of the field RateLimit begins with. */
  readonly policyBytes: Buffer;
  readonly stateStart: Buffer;
  /** Requests that it refused, or would have, in a dry run. */
  readonly refused: Count;
  readonly #keyOf: CountKey;
  readonly #isExempt: ((client: string) => boolean) | undefined;
  readonly #table: BucketTable;
  readonly #place: string;
  readonly #overflows: Count;
  /** The key of the request; undefined where it is not counted. */
  key: string | undefined;
  /** How long the key has to wait for a token, in ms. */
  wait = 0;

  constructor(config: LimitConfig, { at, counts, kept }: Pick<StageParts, "at" | "counts" | "kept">) {
    const { by, ipv6Prefix, maxKeys, exempt, dryRun } = config;
    this.config = config;
    this.name = nameOfLimit(config);
    this.size = bucketOf(config);
    this.policy = policyItem(config);
    this.policyBytes = Buffer.from(this.policy);
    this.stateStart = Buffer.from(`"${this.name}";r=`);
    this.refusal = new ProxyError("rate_limited", `The limit ${this.name} by ${by.text} is used up`);
    this.#keyOf = compileKey(by, ipv6Prefix);
    this.#isExempt = exempt.length === 0 ? undefined : clientsIn(exempt);
    this.#place = `${at} ${this.name}`;
    const table = kept.take(
      `rate_limit ${this.#place}`,
      { size: this.size, by, ipv6Prefix, maxKeys },
      () => new BucketTable(this.size, maxKeys),
    );
    this.#table = table;
    const labels = { limit: this.name };
    const result = dryRun ? "would_refuse" : "refused";
    this.refused = counts.count("sluice_rate_limit_refused_total", { ...labels, result });
    counts.gauge("sluice_rate_limit_keys", () => table.keys, labels);
    this.#overflows = counts.count("sluice_rate_limit_overflows_total", labels);
  }

  /** Finds the key of `request`. */
  find(request: IncomingRequest): void {
    this.key = this.#isExempt?.(request.exchange.client) === true ? undefined : this.#keyOf(request);
  }

  /** Looks at the bucket of its key in memory; returns how long that has to wait, in ms. */
  look(now: number): number {
    const { key } = this;
    if (key === undefined) return this.wait = 0;
    this.wait = this.#table.look(key, now);
    if (this.#table.isShared) this.#overflows.value++;
    return this.wait;
  }

  /** Takes a token out of that bucket. */
  take(now: number): void {
    if (this.key !== undefined) this.#table.take(now);
  }

  /** Has the bucket in memory that `key` has be as the one in a store, which is full at `fullAt`. */
  follow(key: string, fullAt: number, now: number): void {
    if (this.config.onStoreFailure === "local") this.#table.put(key, fullAt, now);
  }

  /** Puts it back, as another limit refuses the request. */
  giveBack(key: string | undefined): void {
    if (key !== undefined) this.#table.giveBack(key);
  }

  /** When the bucket in memory is full. */
  get fullAt(): number {
    return this.#table.fullAt;
  }

  /** What `key` is called in a store. What is no address may be a secret. */
  nameOf(key: string): string {
    const isAddress = this.config.by.text === "client" || this.config.by.text === "route";
    const text = isAddress ? key : createHash("sha256").update(key).digest("base64url").slice(0, 22);
    return `sluice:${this.#place}:${text}`;
  }
}

/**
 * Takes a token of all `limits` for the request that they have found the keys of, or of none: then it returns the limit for
 * which it would have to wait longest. A dry run never refuses.
 */
export function takeOfAll(limits: readonly Limit[], now: number): Limit | undefined {
  let refusing: Limit | undefined;
  for (let i = 0; i < limits.length; i++) {
    const limit = limits[i]!;
    if (limit.look(now) === 0 || limit.config.dryRun) continue;
    if (refusing === undefined || limit.wait > refusing.wait) refusing = limit;
  }
  if (refusing !== undefined) return refusing;
  for (let i = 0; i < limits.length; i++) {
    const limit = limits[i]!;
    if (limit.wait === 0) limit.take(now);
    else limit.refused.value++;
  }
  return undefined;
}
