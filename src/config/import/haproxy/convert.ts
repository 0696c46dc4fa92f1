import { ABOVE, comment, Draft, type DraftTable } from "../draft.ts";
import { toBackendName } from "../backend-shelf.ts";
import { ForeignFiles } from "../foreign-files.ts";
import { toBackend } from "./backend.ts";
import { type Targets, toFrontend } from "./frontend.ts";
import { whyLineLost } from "./known.ts";
import { type HaproxySection, parseHaproxy } from "./parse.ts";
import { type ProxySection, readProxies } from "./proxy.ts";

/** What HAProxy does where nobody says anything, and Sluice otherwise. */
const DIFFERENCES = [
  "fields for servers: Sluice sends X-Forwarded-For, -Proto, -Host, -Port, X-Real-IP, X-Request-ID and Via of itself; " +
  "HAProxy X-Forwarded-For with option forwardfor, and no other",
  "fields for clients: Sluice adds Via to answers (via = false sends none), and takes the server's own address out of " +
  'Location and its name out of cookies (rewrite_location = "off", rewrite_cookies = "off"); HAProxy tells clients to keep ' +
  "no redirect that is not for good",
  "hosts: HAProxy compares them with the port that the client sent, Sluice without it; neither case nor a last dot count",
  'paths: HAProxy compares the bytes that came; Sluice what servers may read them as (normalize = "off" does as HAProxy)',
  "failures: HAProxy takes a server out by its checks; Sluice also where its requests fail (ejection.enabled = false does not)",
  "retries: HAProxy asks the same server again and another one at last, Sluice another one at once, and within a budget",
];

/** Reads an HAProxy config. Throws a `ConfigError` where HAProxy could not read it either. */
export function convertHaproxy(path: string): Draft {
  const draft = new Draft();
  const sections = parseHaproxy(new ForeignFiles().read(path));
  comment(draft.data, ABOVE, "Made by sluice convert from an HAProxy config.");
  for (const section of sections) fillOther(draft, section);
  const proxies = readProxies(sections);
  const http = proxies.filter((proxy) => isConverted(proxy, draft));
  const backends: DraftTable = {};
  const targets = readTargets(http, backends, draft);
  const frontends = http.filter(({ kind, section }) =>
    kind !== "backend" && section.lines.some(({ words }) => words[0] === "bind")
  )
    .map((proxy) => toFrontend(proxy, targets, draft));
  draft.data["frontends"] = frontends;
  hoist(draft.data, backends);
  if (Object.keys(backends).length > 0) draft.data["backends"] = backends;
  for (const difference of DIFFERENCES) draft.differ(difference);
  return draft;
}

/** TCP is not converted, and what only shows statistics is the admin listener with us. */
function isConverted(proxy: ProxySection, draft: Draft): boolean {
  const stats = proxy.section.lines.find(({ words }) => words[0] === "stats");
  if (stats !== undefined) {
    draft.data["admin"] = {};
    comment(draft.data, "admin", "In place of HAProxy's statistics: the dashboard at http://127.0.0.1:9090/");
    draft.change(
      stats.origin,
      "the dashboard, metrics and /status are on the admin listener, 127.0.0.1:9090",
    );
    const serves = proxy.section.lines.some(({ words }) =>
      ["server", "server-template", "use_backend", "default_backend"].includes(words[0]!)
    );
    if (!serves) return false;
  }
  if (proxy.isHttp) return true;
  draft.lose(proxy.section.origin, "its mode is tcp: Sluice is a proxy for HTTP");
  return false;
}

function readTargets(proxies: readonly ProxySection[], backends: DraftTable, draft: Draft): Targets {
  const targets = new Map<string, { proxy: ProxySection; backend: string | undefined; table: DraftTable }>();
  for (const proxy of proxies.filter(({ kind }) => kind !== "frontend")) {
    const backend = toBackend(proxy, draft);
    const name = toBackendName(proxy.name);
    if (backend !== undefined) backends[name] = backend;
    if (proxy.kind === "backend") {
      for (const { words, origin } of proxy.section.lines) {
        const why = whyLineLost(words);
        if (why !== undefined) {
          draft.lose(origin, why, backend ?? draft.data, backend === undefined ? undefined : "servers");
        }
      }
    }
    targets.set(proxy.name, {
      proxy,
      backend: backend === undefined ? undefined : name,
      table: backend ?? draft.data,
    });
  }
  return targets;
}

/** What all backends say alike is said once. */
function hoist(data: DraftTable, backends: DraftTable): void {
  const tables = Object.values(backends) as DraftTable[];
  const defaults: DraftTable = {};
  for (const key of ["timeouts", "retries", "health_check"]) {
    const [first] = tables.map((table) => JSON.stringify(table[key]));
    if (
      tables.length < 2 || first === undefined ||
      !tables.every((table) => JSON.stringify(table[key]) === first)
    ) continue;
    defaults[key] = tables[0]![key];
    for (const table of tables) delete table[key];
  }
  if (Object.keys(defaults).length > 0) data["defaults"] = defaults;
}

/** `global`, and sections that are none of proxies. */
function fillOther(draft: Draft, { kind, lines, origin }: HaproxySection): void {
  if (kind === "global") {
    const most = Number(lines.find(({ words }) => words[0] === "maxconn")?.words[1] ?? 0);
    if (most > 0) draft.data["limits"] = { max_connections: most };
    for (const line of lines.filter(({ words }) => /^(?:lua-|setenv|presetenv)/.test(words[0]!))) {
      draft.lose(
        line.origin,
        line.words[0]!.startsWith("lua-")
          ? "programs inside HAProxy stay there"
          : "variables come from the environment",
      );
    }
  } else if (kind === "resolvers") {
    const servers = lines.filter(({ words }) => words[0] === "nameserver").map(({ words }) => words[2]!)
      .filter((address) => /^[\d.]+(?::\d+)?$|^\[/.test(address));
    if (servers.length > 0) draft.data["resolver"] = { servers };
  } else if (
    ["peers", "mailers", "program", "http-errors", "log-forward", "fcgi-app", "ring", "userlist"].includes(
      kind,
    )
  ) {
    draft.lose(
      origin,
      kind === "userlist"
        ? "its passwords are none that Sluice checks: sluice hash-password"
        : "Sluice has nothing like it",
    );
  }
}
