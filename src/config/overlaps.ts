import { type BindAddress, parseBind } from "./bind.ts";
import { formatPath, type Path } from "./places.ts";

/** Reports addresses that cannot be bound together: all addresses of a family, and one of them, on the same port. */
export class Overlaps {
  readonly #seen: { path: Path; host: string; port: number }[] = [];
  readonly #report: (problem: { path: Path; message: string }) => void;

  constructor(report: (problem: { path: Path; message: string }) => void) {
    this.#report = report;
  }

  /** Adds one value of a `bind`; one that is malformed or has port 0 is skipped. */
  add(path: Path, value: unknown): void {
    const address = toAddress(value);
    if (address?.kind !== "tcp" || address.port === 0) return;
    const { host, port } = address;
    const other = this.#seen.find((seen) => seen.port === port && covers(seen.host, host));
    if (other !== undefined) {
      const found = `is ${JSON.stringify(value)}, a part of ${formatPath(other.path)} or the other way round`;
      this.#report({ path, message: `${found}; accepted: another port, or one of the two` });
    }
    this.#seen.push({ path, host, port });
  }
}

/** Whether one of two different hosts is all addresses, and the other among them. */
function covers(a: string, b: string): boolean {
  return a !== b && (isAllOf(a, b) || isAllOf(b, a));
}

function isAllOf(wildcard: string, host: string): boolean {
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
