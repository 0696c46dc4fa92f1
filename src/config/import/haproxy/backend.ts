import { comment, type Draft, type DraftTable } from "../draft.ts";
import { fillHealth } from "./health.ts";
import type { ProxySection } from "./proxy.ts";
import { fillServers } from "./servers.ts";
import { haproxyDuration } from "./units.ts";

/** A backend of ours from a backend or listen of HAProxy; undefined where it has no servers. */
export function toBackend(proxy: ProxySection, draft: Draft): DraftTable | undefined {
  const backend: DraftTable = {};
  fillBalance(backend, proxy, draft);
  fillTimeouts(backend, proxy);
  fillRetries(backend, proxy);
  fillSticky(backend, proxy, draft);
  fillHealth(backend, proxy, draft);
  fillServers(backend, proxy, draft);
  return (backend["servers"] as readonly unknown[]).length === 0 ? undefined : backend;
}

function fillBalance(backend: DraftTable, proxy: ProxySection, draft: Draft): void {
  const line = proxy.find("balance");
  if (line === undefined) return;
  const [, written = "", ...options] = line.words;
  const [, name = "", argument] = /^([\w-]+)(?:\((.*)\))?$/.exec(written) ?? [];
  const key = name === "source"
    ? "client"
    : name === "uri"
    ? options.includes("whole") ? "uri" : "path"
    : name === "hdr" && argument !== undefined
    ? `header(${argument.toLowerCase()})`
    : name === "url_param"
    ? `query(${options[0] ?? ""})`
    : undefined;
  if (key !== undefined) {
    backend["balance"] = "hash";
    const factor = Number(proxy.find("hash-balance-factor")?.words[1] ?? 0) / 100;
    if (key !== "client" || factor >= 1.1) {
      backend["hash"] = {
        ...(key !== "client" && { on: key }),
        ...(factor >= 1.1 && { load_factor: Math.min(factor, 100) }),
      };
    }
    draft.change(
      line.origin,
      "the key leads to another server than with HAProxy; few keys move when a server comes or goes",
    );
    if (options.some((word) => ["len", "depth", "check_post"].includes(word))) {
      draft.lose(line.origin, "the whole of it is the key", backend, "balance");
    }
  } else if (["leastconn", "random", "first"].includes(name)) backend["balance"] = name;
  else if (!["roundrobin", "static-rr"].includes(name)) {
    draft.lose(line.origin, "the key is none that Sluice hashes", backend, "servers");
  }
}

function fillTimeouts(backend: DraftTable, proxy: ProxySection): void {
  const timeouts: DraftTable = {};
  const keys = [["connect", "connect"], ["server", "response"], ["server", "idle"], ["queue", "queue"], [
    "tunnel",
    "tunnel_idle",
  ]] as const;
  for (const [name, key] of keys) {
    const time = haproxyDuration(proxy.timeout(name));
    if (time !== undefined && !(time === "0s" && key === "connect")) timeouts[key] = time;
  }
  // Without one of its own the wait for a place is as long as that for a connection.
  if (timeouts["queue"] === undefined && timeouts["connect"] !== undefined) {
    timeouts["queue"] = timeouts["connect"];
  }
  if (Object.keys(timeouts).length > 0) backend["timeouts"] = timeouts;
}

function fillRetries(backend: DraftTable, proxy: ProxySection): void {
  const retries: DraftTable = {};
  const count = proxy.find("retries")?.words[1];
  if (count !== undefined) retries["attempts"] = Math.min(Number(count) + 1, 10);
  const on = proxy.find("retry-on")?.words.slice(1) ?? [];
  if (on.includes("none")) retries["attempts"] = 1;
  const statuses = on.includes("all-retryable-errors")
    ? [500, 502, 503, 504]
    : on.filter((word) => /^\d{3}$/.test(word)).map(Number);
  if (statuses.length > 0) retries["statuses"] = statuses;
  if (Object.keys(retries).length > 0) backend["retries"] = retries;
}

/** `cookie NAME insert …` */
function fillSticky(backend: DraftTable, proxy: ProxySection, draft: Draft): void {
  const line = proxy.find("cookie");
  if (line !== undefined) {
    const [, name = "", ...options] = line.words;
    const after = (word: string) => options.includes(word) ? options[options.indexOf(word) + 1] : undefined;
    if (!options.includes("insert")) {
      return draft.lose(line.origin, "only cookies that the proxy inserts keep clients", backend, "servers");
    }
    const seconds = after("maxlife") ?? after("maxidle");
    const time = haproxyDuration(
      seconds === undefined ? undefined : /^\d+$/.test(seconds) ? `${seconds}s` : seconds,
    );
    const domain = after("domain");
    backend["sticky"] = {
      cookie: name,
      ...(time !== undefined && { max_age: time }),
      ...(domain !== undefined && { domain: domain.replace(/^\./, "") }),
      ...(options.includes("secure") && { secure: "always" }),
      ...(!options.includes("httponly") && { http_only: false }),
    };
    comment(
      backend,
      "sticky",
      "the value is our own and signed; give a secret where several proxies are to honour it",
    );
    draft.change(line.origin, "clients get new cookies: the value names a server in our way");
  }
  for (const stick of [...proxy.all("stick"), ...proxy.all("stick-table")]) {
    const why = 'rates have rate_limit, and clients stay with a server by sticky or balance = "hash"';
    draft.lose(stick.origin, why, backend, "servers");
  }
}
