import type { ServerStatus } from "../admin/server-status.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { RunningProxy } from "../lifecycle/running.ts";
import { describeAction } from "./describe-action.ts";

/** What is listed of one thing at most: more is said as a number. */
const MAX_LISTED = 6;

/** Green and red, bold and plain (ECMA-48 §8.3.117). */
const STYLES = { good: 32, bad: 31, name: 1 } as const;

type Paint = (style: keyof typeof STYLES, text: string) => string;

/** What of a proxy the lines tell. */
type Told = Pick<RunningProxy, "listeners" | "adminListener" | "status"> & {
  readonly snapshot: {
    readonly config: {
      readonly frontends: readonly FrontendConfig[];
      readonly admin?: { readonly pagesOnly: boolean } | undefined;
    };
  };
};

/** What a proxy serves, in a few lines for somebody at a terminal: addresses, where they lead, servers, the dashboard. */
export function startupLines(proxy: Told, { colours }: { colours: boolean }): string {
  const paint: Paint = (style, text) => colours ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  const { frontends, admin } = proxy.snapshot.config;
  const addresses = proxy.listeners.map(({ address }) => address);
  const lines = frontends.slice(0, MAX_LISTED).flatMap((frontend) => {
    const own = addresses.splice(0, frontend.bind.length);
    return [`  ${paint("name", frontend.name)}  ${own.map(urlOf).join("  ")}`, ...ways(frontend)];
  });
  const { backends } = proxy.status();
  for (const { name, servers } of backends.slice(0, MAX_LISTED)) {
    lines.push(`  ${paint("name", name)}  ${listed(servers.map((server) => stateOf(server, paint)), "  ")}`);
  }
  const more = Math.max(0, frontends.length - MAX_LISTED) + Math.max(0, backends.length - MAX_LISTED);
  if (more > 0) lines.push(`  and ${more} more frontends and backends: sluice check lists all`);
  const { adminListener } = proxy;
  if (adminListener !== undefined) {
    const url = urlOf(adminListener.address);
    lines.push(
      admin?.pagesOnly === true ? `  status  ${url.replace(/\/$/, "/status")}` : `  dashboard  ${url}`,
    );
  }
  return `\nServing, until Ctrl-C:\n${lines.join("\n")}\n\n`;
}

function ways({ mode, rules, routes, defaultBackend }: FrontendConfig): string[] {
  if (mode === "relay") return [`    a relay -> ${defaultBackend ?? "straight to the targets"}`];
  const all = [
    ...rules.map((rule) =>
      `${rule.if === undefined ? "always" : `if ${rule.if.text}`} -> ${describeAction(rule)}`
    ),
    ...routes.map((route) => `${route.host ?? "*"}${route.pathPrefix} -> ${describeAction(route)}`),
  ];
  const shown = all.slice(0, MAX_LISTED).map((way) => `    ${way}`);
  if (all.length > MAX_LISTED) shown.push(`    and ${all.length - MAX_LISTED} more`);
  return [
    ...shown,
    `    ${all.length === 0 ? "everything" : "everything else"} -> ${defaultBackend ?? "404"}`,
  ];
}

function stateOf({ url, available, condition }: ServerStatus, paint: Paint): string {
  return `${url} ${paint(available ? "good" : "bad", condition)}`;
}

function listed(items: readonly string[], between: string): string {
  const rest = items.length - MAX_LISTED;
  return items.slice(0, MAX_LISTED).join(between) + (rest > 0 ? `${between}and ${rest} more` : "");
}

/** What to open in a browser; all addresses of a machine are its own name. */
function urlOf(address: string): string {
  if (address.startsWith("unix:")) return address;
  return `http://${address.replace(/^(?:0\.0\.0\.0|\[::\]|)(?=:\d+$)/, "localhost")}/`;
}
