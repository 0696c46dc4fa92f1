import type { Condition, ConditionTest } from "../config/condition/condition.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";

type Asking = Pick<FrontendConfig["rules"][number], "if" | "splitOn">;

/** What of requests rules and splits look at, besides method, host, path and client. */
export class AskedNames {
  /** In lower case. */
  readonly headers = new Set<string>();
  readonly query = new Set<string>();
  readonly cookies = new Set<string>();

  /** Adds what a rule or a route asks for. */
  add({ if: written, splitOn }: Partial<Asking>): void {
    if (written !== undefined) this.#walk(written.condition);
    if (typeof splitOn === "object") this.#take(splitOn);
  }

  #walk(condition: Condition): void {
    switch (condition.kind) {
      case "not":
        return this.#walk(condition.term);
      case "all":
      case "any":
        return condition.terms.forEach((term) => this.#walk(term));
      case "inside":
        return;
      default:
        this.#take(condition);
    }
  }

  #take(
    { subject, argument }: Pick<Exclude<ConditionTest, { kind: "inside" }>, "argument"> & { subject: string },
  ) {
    if (subject === "header") this.headers.add(argument.toLowerCase());
    if (subject === "query") this.query.add(argument);
    if (subject === "cookie") this.cookies.add(argument);
  }
}
