import type { LogFields } from "../base/log-event.ts";
import type { LogConfig } from "../config/sections/log.ts";
import { MASK } from "./logged-headers.ts";

/** Hides what a config does not want to see in lines about requests. */
export class LineMask {
  readonly #names: ReadonlySet<string>;
  readonly #query: boolean;

  /** What `config` asks for; undefined where lines show everything. */
  static of({ mask }: LogConfig): LineMask | undefined {
    return mask.length > 0 ? new LineMask(mask) : undefined;
  }

  private constructor(mask: LogConfig["mask"]) {
    this.#names = new Set(mask);
    this.#query = this.#names.has("query");
  }

  /** The fields of a line without what is hidden. */
  of(fields: LogFields): LogFields {
    const shown: Record<string, LogFields[string]> = {};
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined) continue;
      if (this.#names.has(name)) shown[name] = MASK;
      else if (name === "target" && this.#query) shown[name] = withoutQuery(String(value));
      else shown[name] = value;
    }
    return shown;
  }
}

function withoutQuery(target: string): string {
  const at = target.indexOf("?");
  return at === -1 ? target : `${target.slice(0, at)}?${MASK}`;
}
