import type { Draft, DraftTable } from "../draft.ts";
import type { ProxySection } from "./proxy.ts";

/** Whether clients may come to a proxy by TLS. */
export function hasTls(proxy: ProxySection): boolean {
  return proxy.all("bind").some(({ words }) => words.includes("ssl"));
}

/** The addresses that a proxy listens on. What comes with them and is not converted is said above `bind`. */
export function readBinds(proxy: ProxySection, frontend: DraftTable, draft: Draft): string[] {
  return proxy.all("bind").flatMap(({ words: [, addresses = "", ...options], origin }) => {
    const lost = options.filter((word) => ["ssl", "accept-proxy"].includes(word));
    if (lost.length > 0) draft.lose(origin, WHY[lost[0] as keyof typeof WHY], frontend, "bind");
    return addresses.split(",").flatMap((address) => toBind(address, options.includes("v4v6")));
  });
}

const WHY = {
  ssl:
    "TLS toward clients comes with a later version of Sluice: until then this address is plain HTTP, for something in " +
    "front that ends TLS",
  "accept-proxy": "the PROXY protocol comes with a later version of Sluice",
};

function toBind(written: string, bothFamilies: boolean): string[] {
  const address = written.replace(/^(?:ipv4|ipv6|unix)@/, "");
  if (address.startsWith("/")) return [`unix:${address}`];
  const [, host = "", from = "", to = from] = /^(.*):(\d+)(?:-(\d+))?$/.exec(address) ?? [];
  const plain = host.replace(/^\[(.*)\]$/, "$1");
  const name = plain === "" || plain === "*" || plain === "0.0.0.0"
    ? written.startsWith("ipv6@") ? "[::]" : "0.0.0.0"
    : plain === "::"
    ? bothFamilies ? "" : "[::]"
    : plain.includes(":")
    ? `[${plain}]`
    : plain;
  const count = Math.min(Number(to) - Number(from), 100);
  return Array.from({ length: count + 1 }, (_, i) => `${name}:${Number(from) + i}`);
}
