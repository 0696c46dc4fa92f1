import { BackendShelf } from "../backend-shelf.ts";
import { ABOVE, comment, Draft, type DraftTable } from "../draft.ts";
import { ForeignFiles } from "../foreign-files.ts";
import { type SiteOptions, sitesToFrontends } from "./frontends.ts";
import { type CaddyDirective, CaddyParser } from "./parse.ts";
import { caddyDuration } from "./units.ts";

/** What Caddy does where nobody says anything, and Sluice otherwise. */
const DIFFERENCES = [
  "paths: Caddy compares them in any case, Sluice in theirs but where requests are turned away",
  "hosts: *.example.com of Caddy is one label, of Sluice one or more",
  "header: Caddy adds a field beside that of the server unless it is deferred; Sluice puts it in its place",
  "retries: Caddy sends a request to one server unless lb_try_duration or lb_retries say otherwise; Sluice sends one that " +
  "failed to a second server (retries.attempts = 1 does not)",
  "failures: Caddy takes no server out by its requests without fail_duration; Sluice does (ejection.enabled = false does not)",
  "time-outs: Caddy waits for an answer without end, Sluice 30 s (timeouts.response)",
  "fields for servers: Sluice sends X-Real-IP, X-Forwarded-Port, X-Request-ID and Via of itself as well",
  "fields for clients: Sluice adds Via, and takes the server's own address out of Location and its name out of cookies " +
  '(rewrite_location = "off", rewrite_cookies = "off")',
  "the log: Sluice writes a line for each request (log.access = false does not)",
];

/** Global options that are of no use here, as they are of certificates or of Caddy itself. */
const NEEDLESS = new Set(
  `
  email acme_ca acme_ca_root acme_eab acme_dns on_demand_tls key_type cert_issuer skip_install_trust local_certs
  ocsp_stapling ocsp_interval preferred_chains renew_interval storage storage_clean_interval storage_check admin
  persist_config debug log http_port https_port auto_https default_bind grace_period shutdown_delay servers default_sni
  fallback_sni metrics dns ech
`.trim().split(/\s+/),
);

/** Reads a Caddyfile with all that it imports. Throws a `ConfigError` where Caddy could not read it either. */
export function convertCaddyfile(path: string): Draft {
  const draft = new Draft();
  const files = new ForeignFiles();
  const { options, sites } = new CaddyParser(files, draft).parse(files.read(path));
  comment(draft.data, ABOVE, "Made by sluice convert from a Caddyfile.");
  const backends: DraftTable = {};
  const read = readOptions(options, draft);
  draft.data["frontends"] = sitesToFrontends(sites, read, { draft, backends: new BackendShelf(backends) });
  if (Object.keys(backends).length > 0) draft.data["backends"] = backends;
  for (const difference of DIFFERENCES) draft.differ(difference);
  return draft;
}

function readOptions(options: readonly CaddyDirective[], draft: Draft): SiteOptions {
  const said = (name: string) => options.find((line) => line.name === name)?.args ?? [];
  for (const { name, args, origin } of options) {
    if (name === "order") draft.lose(origin, "directives go in Caddy's usual order");
    else if (!NEEDLESS.has(name)) draft.lose(origin, "Sluice has nothing like it");
    else if (name === "admin" && args[0] !== "off") {
      draft.change(origin, "the admin API of Sluice is another: [admin] in docs/operating.md");
    }
  }
  if (options.some(({ name }) => name === "debug")) draft.data["log"] = { level: "debug" };
  const drain = caddyDuration(said("grace_period")[0] ?? "");
  const delay = caddyDuration(said("shutdown_delay")[0] ?? "");
  if (drain !== undefined || delay !== undefined) {
    draft.data["shutdown"] = {
      ...(delay !== undefined && { delay }),
      ...(drain !== undefined && { drain_timeout: drain }),
    };
  }
  const https = said("auto_https");
  return {
    httpPort: Number(said("http_port")[0] ?? 80),
    httpsPort: Number(said("https_port")[0] ?? 443),
    automatic: !https.includes("off"),
    redirects: !https.includes("disable_redirects"),
    bind: said("default_bind"),
    frontend: ofServers(options.find(({ name }) => name === "servers")?.block ?? [], draft),
  };
}

const TIMEOUTS: Readonly<Record<string, string>> = {
  read_header: "request_headers",
  read_body: "body_idle",
  write: "write_idle",
  idle: "keep_alive",
};

/** The option `servers`, which holds for all of them. */
function ofServers(lines: readonly CaddyDirective[], draft: Draft): DraftTable {
  const frontend: DraftTable = {};
  for (const { name, args, block = [], origin } of lines) {
    if (name === "trusted_proxies" && args[0] === "static") {
      frontend["trusted_proxies"] = args.slice(1).map((range) =>
        range === "private_ranges" ? "private" : range
      );
    } else if (name === "timeouts") {
      const timeouts: DraftTable = {};
      for (const line of block) {
        const [key, time] = [TIMEOUTS[line.name], caddyDuration(line.args[0] ?? "")];
        if (key !== undefined && time !== undefined && time !== "0s") timeouts[key] = time;
      }
      if (Object.keys(timeouts).length > 0) frontend["timeouts"] = timeouts;
    } else if (
      !["metrics", "protocols", "protocol", "name", "log_credentials", "max_header_size", "strict_sni_host"]
        .includes(name)
    ) {
      draft.lose(origin, "Sluice has nothing like it");
    }
  }
  return frontend;
}
