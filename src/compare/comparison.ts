import type { ExplainedProxy } from "../explain/explain.ts";
import { type Difference, differenceBetween } from "./difference.ts";
import { type Fate, FateTeller } from "./fate.ts";
import type { LoggedRequest } from "./logged-request.ts";
import { differenceFromLog } from "./recorded.ts";
import { SettingsComparer } from "./settings.ts";

/** Differences that are told apart; what comes beyond is counted together. */
const MAX_GROUPS = 200;
const MAX_EXAMPLES = 3;
/** Characters of an example. */
const MAX_SHOWN = 200;
/** Names of headers that are remembered as seen. */
const MAX_NAMES = 1000;

/** One difference, and the requests that it was found in. Keys are those of the JSON. */
interface ChangeGroup extends Difference {
  count: number;
  readonly examples: readonly string[];
}

/** What another config would do otherwise with many requests; its keys are those of the JSON. */
export interface ComparisonReport {
  /** Requests that were looked at. */
  readonly requests: number;
  readonly same: number;
  readonly different: number;
  /** The most frequent first. */
  readonly changes: readonly ChangeGroup[];
  /** Requests with a difference that has no group: there were too many. */
  readonly ungrouped: number;
  readonly not_compared: readonly { readonly why: string; readonly count: number }[];
  /** Where the requests go, or how they end. */
  readonly goes_to: readonly { readonly to: string; readonly count: number }[];
  readonly notes: readonly string[];
}

export interface ComparisonOptions {
  /** The config before; without it what was logged is held against the other one. */
  readonly before?: ExplainedProxy | undefined;
  readonly after: ExplainedProxy;
  /** The frontend that gets all requests. */
  readonly frontend?: string | undefined;
}

/** Holds what one config does with requests against what another one does, or did. Its memory does not grow with them. */
export class Comparison {
  readonly #before: FateTeller | undefined;
  readonly #after: FateTeller;
  readonly #settings = new SettingsComparer();
  readonly #groups = new Map<string, ChangeGroup & { examples: string[] }>();
  readonly #notCompared = new Map<string, number>();
  readonly #goesTo = new Map<string, number>();
  readonly #headers = new Set<string>();
  readonly #masked = new Set<string>();
  #requests = 0;
  #same = 0;
  #different = 0;
  #ungrouped = 0;

  constructor({ before, after, frontend }: ComparisonOptions) {
    this.#before = before && new FateTeller(before, frontend);
    this.#after = new FateTeller(after, frontend);
  }

  /** @throws {RangeError} where it is not clear which frontend requests are for. */
  add(request: LoggedRequest): void {
    if (hasLineEnd(request)) return this.leaveOut("no request that could be read");
    this.#requests++;
    this.#see(request);
    const after = this.#after.tell(request);
    const before = this.#before?.tell(request);
    count(this.#goesTo, after.to);
    const found = before === undefined
      ? differenceFromLog(request, after, this.#after.explained.backends)
      : differenceBetween(before, after, this.#settings);
    if (found === undefined) this.#same++;
    else if ("why" in found) count(this.#notCompared, found.why);
    else this.#group(found, request);
    letGo(before);
    letGo(after);
  }

  /** There was one more, of which nothing can be said. */
  leaveOut(why: string): void {
    this.#requests++;
    count(this.#notCompared, why);
  }

  get different(): number {
    return this.#different;
  }

  report(): ComparisonReport {
    return {
      requests: this.#requests,
      same: this.#same,
      different: this.#different,
      changes: [...this.#groups.values()].sort((a, b) => b.count - a.count),
      ungrouped: this.#ungrouped,
      not_compared: counted(this.#notCompared).map(([why, count]) => ({ why, count })),
      goes_to: counted(this.#goesTo).map(([to, count]) => ({ to, count })),
      notes: this.#notes(),
    };
  }

  #group(difference: Difference, { method, host = "", target }: LoggedRequest): void {
    this.#different++;
    const key = JSON.stringify(difference);
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= MAX_GROUPS) {
        this.#ungrouped++;
        return;
      }
      this.#groups.set(key, group = { ...difference, count: 0, examples: [] });
    }
    group.count++;
    const { examples } = group;
    if (examples.length >= MAX_EXAMPLES) return;
    const text = `${method} ${method === "CONNECT" ? "" : host}${target}`;
    const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
    if (!examples.includes(shown)) examples.push(shown);
  }

  #see({ headers, masked }: LoggedRequest): void {
    for (const what of masked ?? []) this.#masked.add(what);
    for (const [name, value] of headers) {
      if (this.#headers.size >= MAX_NAMES) return;
      const lower = name.toLowerCase();
      if (lower !== "cookie" || !HIDDEN.test(value)) this.#headers.add(lower);
    }
  }

  /** What rules ask for and no request showed: what they say of requests is not to be relied on. */
  #notes(): string[] {
    return [
      ...(this.#masked.size === 0 ? [] : [
        `the log masks ${[...this.#masked].join(", ")}: what rules and routes make of that is not seen here`,
      ]),
      ...this.#missingNames(),
    ];
  }

  #missingNames(): string[] {
    const asked = [this.#before, this.#after].flatMap((side) => side?.explained.frontends ?? []).map((
      frontend,
    ) => frontend.asked);
    const headers = new Set(asked.flatMap(({ headers }) => [...headers]));
    const cookies = new Set(asked.flatMap(({ cookies }) => [...cookies]));
    const missing = [...headers].filter((name) => !this.#headers.has(name) && !KNOWN.has(name));
    const named = missing.map((name) => `header(${name})`);
    if (!this.#headers.has("cookie")) named.push(...[...cookies].map((name) => `cookie(${name})`));
    if (named.length === 0 || this.#requests === 0) return [];
    const more = named.length > MAX_NOTED ? `, and ${named.length - MAX_NOTED} more` : "";
    return [
      `rules ask for ${
        named.slice(0, MAX_NOTED).join(", ")
      }${more}, which no request here shows: they were compared as without`,
    ];
  }
}

/** Names that a note has room for. */
const MAX_NOTED = 20;

/** What a log has in place of a secret. */
const HIDDEN = /^\[masked\]$|REDACTED/;

/** Headers that are known whatever the log shows. */
const KNOWN: ReadonlySet<string> = new Set(["host", "x-real-ip", "x-request-id"]);

/** Whether what was logged would begin another line of a head, so that it never was in one. */
function hasLineEnd({ method, target, host = "", client = "", headers }: LoggedRequest): boolean {
  return LINE_END.test(method) || LINE_END.test(target) || LINE_END.test(host) || LINE_END.test(client) ||
    headers.some(([name, value]) => LINE_END.test(name) || LINE_END.test(value));
}

const LINE_END = /[\r\n]/;

/** The backend of a straight course is made for one request. */
function letGo(fate: Fate | undefined): void {
  if (fate?.outcome.by === "straight") fate.outcome.course?.backend.close();
}

function count(counts: Map<string, number>, name: string): void {
  const known = counts.get(name);
  if (known === undefined && counts.size >= MAX_GROUPS) return;
  counts.set(name, (known ?? 0) + 1);
}

function counted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([, a], [, b]) => b - a);
}
