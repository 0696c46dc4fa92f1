import { type BindAddress, parseBind } from "../values/bind.ts";
import type { ReferenceProblem } from "./action-references.ts";
import { formatPath, type Path } from "../text/positions.ts";

/** Reports addresses that cannot be bound together: all addresses of a family, and one of them, on the same port. */
export class Overlaps {
  readonly #seen: { path: Path; host: string; port: number }[] = [];
  readonly #report: (problem: ReferenceProblem) => void;

  constructor(report: (problem: ReferenceProblem) => void) {
    this.#report = report;
  }

  /** Adds one value of a `bind`; one that is malformed or has port 0 is skipped. */
  add(path: Path, value: unknown): void {
    const address = toAddress(value);
    if (address?.kind !== "tcp" || address.port === 0) return;
    const { host, port } = address;
    const others = this.#seen.filter((seen) => seen.port === port);
    if (others.some((other) => other.host === host)) return; // equal addresses are reported elsewhere
    for (const other of others) {
      const covered = covers(other.host, host);
      if (!covered && !covers(host, other.host)) continue;
      const how = covered
        ? `which ${formatPath(other.path)} covers`
        : `which covers ${formatPath(other.path)}`;
      const found = `is ${JSON.stringify(value)}, ${how}`;
      this.#report({
        path,
        other: other.path,
        message: `${found}; accepted: another port, or only one of the two`,
      });
      break;
    }
    this.#seen.push({ path, host, port });
  }
}

/** Whether `wildcard` is all addresses of a family, or of both, and `host` among them. */
function covers(wildcard: string, host: string): boolean {
  if (wildcard === "") return true;
  if (wildcard === "0.0.0.0") return !host.includes(":");
  return wildcard === "::" && host.includes(":");
}

function toAddress(value: unknown): BindAddress | undefined {
  try {
    return typeof value === "string" ? parseBind(value) : undefined;
  } catch {
    return undefined; // malformed: the schema says so
  }
}
