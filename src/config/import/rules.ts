import { ConfigError } from "../problems/error.ts";
import type { DraftTable } from "./draft.ts";
import { excludes, implies } from "./path-terms.ts";
import { allOf, ALWAYS } from "./terms.ts";

/** Rules that one foreign config may become; more is a mistake, or an attack. */
const MAX_RULES = 20_000;

/** The rules of a frontend as they are found. */
export class Rules {
  readonly #found: { readonly terms: readonly string[]; readonly action: DraftTable }[] = [];
  #pushed = 0;

  /** Adds a rule, unless it has no requests, or all of them are taken by one before. Throws a `ConfigError` where there are too many. */
  push(written: readonly string[], action: DraftTable): void {
    if (++this.#pushed > MAX_RULES) {
      const message = `cannot be converted: it makes more than ${MAX_RULES} rules`;
      throw new ConfigError([{ file: "the config", path: "", message }]);
    }
    const all = [...new Set(written.filter((term) => term !== ALWAYS))];
    if (all.some((term) => all.some((other) => excludes(term, other)))) return;
    const terms = all.filter((term) => !all.some((other) => implies(other, term)));
    if (this.#found.some((before) => before.terms.every((term) => all.includes(term)))) return;
    this.#found.push({ terms, action });
  }

  /** What takes all that is left goes by a route, or by the default where nothing but its backend is said of it. */
  fill(frontend: DraftTable): void {
    const rest = this.#found.find(({ terms }) => terms.length === 0)?.action;
    const rules = this.#found.filter(({ terms }) => terms.length > 0)
      .map(({ terms, action }) => ({ if: allOf(terms), ...action }));
    if (rest !== undefined && Object.keys(rest).join() === "backend") {
      frontend["default_backend"] = rest["backend"];
    }
    if (rules.length > 0) frontend["rules"] = rules;
    if (rest !== undefined && frontend["default_backend"] === undefined) frontend["routes"] = [rest];
  }
}
