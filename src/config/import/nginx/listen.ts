import type { Directive } from "./parse.ts";
import type { Scope } from "./scope.ts";

/** One address that a server of nginx listens on. */
export interface Listen {
  /** As `bind` writes it. */
  readonly address: string;
  readonly isDefault: boolean;
  readonly tls: boolean;
  /** Words that say something which is not converted. */
  readonly lost: readonly string[];
  readonly directive: Directive | undefined;
}

const DEFAULT_PORT = 80;

/** The addresses of a server; port 80 where it says none. */
export function readListens(scope: Scope): Listen[] {
  const said = scope.own.filter(({ name }) => name === "listen");
  if (said.length === 0) {
    return [{ address: "0.0.0.0:80", isDefault: false, tls: false, lost: [], directive: undefined }];
  }
  return said.map((directive) => {
    const [address = "", ...words] = directive.args;
    return {
      address: toBind(address),
      isDefault: words.includes("default_server") || words.includes("default"),
      tls: words.includes("ssl") || words.includes("quic"),
      lost: words.filter((word) => ["ssl", "quic", "http2", "spdy", "proxy_protocol"].includes(word)),
      directive,
    };
  });
}

function toBind(address: string): string {
  if (address.startsWith("unix:")) return address;
  if (/^\d+$/.test(address)) return `0.0.0.0:${address}`;
  const [, host = "", port = String(DEFAULT_PORT)] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(address) ?? [];
  return `${host === "*" ? "0.0.0.0" : host}:${port}`;
}

/** Addresses of both families of one port as one. */
export function joinFamilies(addresses: readonly string[]): string[] {
  const ports = addresses.filter((address) => address.startsWith("0.0.0.0:")).map((address) =>
    address.slice(8)
  )
    .filter((port) => addresses.includes(`[::]:${port}`));
  const joined = (address: string) =>
    ports.some((port) => address === `0.0.0.0:${port}` || address === `[::]:${port}`);
  return [...ports.map((port) => `:${port}`), ...addresses.filter((address) => !joined(address))];
}

/** Whether `wide` is all addresses of the family and port of `address`. */
export function coversAddress(wide: string, address: string): boolean {
  if (wide === address) return false;
  const port = /:(\d+)$/.exec(address)?.[1];
  return wide === `0.0.0.0:${port}`
    ? !address.startsWith("[")
    : wide === `[::]:${port}` && address.startsWith("[");
}
