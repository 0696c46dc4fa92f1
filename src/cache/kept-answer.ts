import { Buffer } from "node:buffer";
import { formatHttpDate, parseHttpDate } from "../http/date.ts";
import type { Fields } from "../http/fields.ts";
import { fieldLine } from "../http1/encode.ts";
import type { Unsettled } from "../message/forwarded-response.ts";
import type { KeptBody } from "./kept-body.ts";
import { freshened, keptLines, packed, tagsOf } from "./kept-fields.ts";
import type { Terms } from "./terms.ts";
import type { Variant } from "./vary.ts";

/** What an answer takes up in memory besides its head and body, and each of its fields besides its text, in bytes: as measured. */
const OVERHEAD_BYTES = 3072;
const FIELD_BYTES = 64;

/** What an answer is kept with. */
interface KeptParts {
  /** Scheme, host and target that it answers. */
  readonly url: string;
  /** By whom: what else a request has to have in common with the one that it answers. */
  readonly origin: string;
  readonly status: number;
  readonly reason: string;
  readonly variant: Variant;
  readonly terms: Terms;
  /** When it came, in ms since 1970, and on the clock of `performance.now()`. */
  readonly receivedAt: number;
  readonly now: number;
  readonly body: KeptBody;
}

/** An answer that is kept: its head as bytes, and its body. Nothing of it changes, but for what is still to come of the body. */
export class KeptAnswer {
  readonly url: string;
  readonly origin: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  readonly variant: Variant;
  readonly terms: Terms;
  readonly body: KeptBody;
  readonly tags: readonly string[];
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** What its Date says, in ms since 1970. */
  readonly date: number;
  /** When it was made, and until when it is fresh, on the clock of `performance.now()`. */
  readonly madeAt: number;
  freshUntil: number;
  /** When it was used last. */
  usedAt: number;
  /** Whether its server is being asked for it behind a client's back. */
  isRenewed = false;
  readonly #parts: KeptParts;
  /** Bytes of the texts that it is found by. */
  readonly #words: number;
  #lines: AgedLines | undefined;

  private constructor(
    parts: KeptParts,
    lines: readonly (readonly [string, string])[],
    tags: readonly string[],
  ) {
    const { terms, now, receivedAt } = parts;
    this.#parts = parts;
    this.url = parts.url;
    this.origin = parts.origin;
    this.status = parts.status;
    this.reason = parts.reason;
    this.variant = parts.variant;
    this.terms = terms;
    this.body = parts.body;
    this.tags = tags;
    const dated = lines.some(([name]) => name.toLowerCase() === "date");
    // RFC 9110 §6.6.1: who keeps an answer without a Date writes down when it came.
    const date: [string, string][] = dated ? [] : [["Date", formatHttpDate(receivedAt)]];
    this.fields = packed([...lines, ...date]);
    this.etag = this.fields.get("etag");
    this.lastModified = this.fields.get("last-modified");
    this.date = parseHttpDate(this.fields.get("date")!, receivedAt) ?? receivedAt;
    this.madeAt = now - terms.age;
    this.freshUntil = terms.asksFirst ? -Infinity : this.madeAt + terms.lifetime;
    this.usedAt = now;
    this.#words = 2 * [parts.url, ...parts.variant.flat(), ...tags].join("").length;
  }

  /** What is kept of an answer with these fields. */
  static of(parts: KeptParts, fields: Fields): KeptAnswer {
    const lines = keptLines(fields);
    const { status, body } = parts;
    if (status !== 204 && !fields.has("content-length")) lines.push(["Content-Length", String(body.length)]);
    return new KeptAnswer(parts, lines, tagsOf(fields));
  }

  /** Its fields as a later answer without content has them, with the age of that, to be judged anew. */
  fieldsWith(later: Fields): Fields {
    const age = later.get("age");
    return packed([...freshened(this.fields, later), ...(age === undefined ? [] : [["Age", age] as const])]);
  }

  /** The same content as a later answer without any describes it (RFC 9111 §3.2 and §4.3.4). */
  freshened(
    later: Fields,
    news: Pick<KeptParts, "terms" | "variant" | "receivedAt" | "now">,
  ): KeptAnswer {
    const tags = tagsOf(later);
    const lines = freshened(this.fields, later);
    return new KeptAnswer({ ...this.#parts, ...news }, lines, tags.length === 0 ? this.tags : tags);
  }

  /** What it takes up, in bytes. */
  get size(): number {
    const { fields, body } = this;
    return fields.bytes.length + FIELD_BYTES * fields.size + body.length + this.#words + OVERHEAD_BYTES;
  }

  /** Age in whole seconds at `now` (RFC 9111 §5.1). */
  ageAt(now: number): number {
    const since = Number.isFinite(this.madeAt) ? this.madeAt : this.#parts.now;
    return Math.max(0, Math.floor((now - since) / 1000));
  }

  /** What is written behind its fields: its age, and what `status` says of it, with the time it has left. */
  lastLines(now: number, status: CacheStatusLine | undefined): Unsettled {
    const age = this.ageAt(now);
    const known = this.#lines;
    if (known !== undefined && known.age === age && known.status === status) return known;
    return this.#lines = new AgedLines(age, status, Math.round((this.freshUntil - now) / 1000));
  }
}

/** The value of Cache-Status (RFC 9211), but for the time that is left. */
export interface CacheStatusLine {
  readonly value: string;
}

/** Lines that are right for one second, and for all who ask in it. */
class AgedLines implements Unsettled {
  readonly age: number;
  readonly status: CacheStatusLine | undefined;
  readonly lastLines: Buffer;
  readonly #value: string | undefined;

  constructor(age: number, status: CacheStatusLine | undefined, ttl: number) {
    this.age = age;
    this.status = status;
    const left = Number.isFinite(ttl) ? `; ttl=${ttl}` : "";
    this.#value = status === undefined ? undefined : status.value + left;
    const line = this.#value === undefined ? "" : fieldLine("Cache-Status", this.#value);
    this.lastLines = Buffer.from(fieldLine("Age", String(age)) + line, "latin1");
  }

  settle(fields: Fields): Fields {
    const own = fields.copy();
    own.append("Age", String(this.age));
    if (this.#value !== undefined) own.append("Cache-Status", this.#value);
    return own;
  }
}
