import { BackendShelf } from "../backend-shelf.ts";
import { ABOVE, comment, Draft, type DraftTable } from "../draft.ts";
import { ForeignFiles } from "../foreign-files.ts";
import { toFrontends } from "./frontends.ts";
import { whyLost } from "./known.ts";
import { type Directive, NginxParser } from "./parse.ts";
import { Scope } from "./scope.ts";
import { readUpstream } from "./upstream.ts";

/** What nginx does where nobody says anything, and Sluice otherwise. */
const DIFFERENCES = [
  "time-outs toward servers: nginx waits 60 s for a connection and for an answer; [defaults] says so",
  "retries: nginx asks every server that has not failed, Sluice one more (retries.attempts), within a budget",
  "failures: nginx leaves a server out for 10 s after one (max_fails=1), Sluice after a refused connection or five " +
  "failures that other servers do not have (ejection)",
  "names of servers: nginx takes every address as a server and looks once; Sluice takes one and looks again " +
  '(resolve = "all" is every address)',
  "fields for servers: Sluice sends X-Forwarded-For, -Proto, -Host, -Port, X-Real-IP, X-Request-ID and Via of itself, " +
  "and keeps connections open; nginx sends none of these and speaks HTTP/1.0",
  "fields for clients: nginx puts its own Server in place of the servers'; Sluice passes theirs on and adds Via",
  "$host: nginx takes the port away, Sluice passes Host on as it came",
  "bodies: nginx keeps a request back until it has all of its body; Sluice passes it on as it comes, and what was sent is " +
  "sent to no other server",
];

/** Reads an nginx config with all that it includes. Throws a `ConfigError` where nginx could not read it either. */
export function convertNginx(path: string): Draft {
  const draft = new Draft();
  const files = new ForeignFiles();
  const all = new NginxParser(files, path, draft).parse(files.read(path));
  const inHttp = all.filter(({ name }) => name === "http").flatMap(({ block = [] }) => block);
  const beside = all.filter(({ name }) => name !== "http");
  // A file of conf.d or sites-enabled alone has its servers at the top.
  const http = inHttp.length > 0 ? inHttp : beside;
  fill(draft, http);
  for (const { name, origin } of inHttp.length > 0 ? beside : []) {
    const why = whyLost(name);
    if (why !== undefined) draft.lose(origin, why);
  }
  return draft;
}

function fill(draft: Draft, http: readonly Directive[]): void {
  const scope = new Scope(http);
  const backends: DraftTable = {};
  const upstreams = new Map(
    http.filter(({ name }) => name === "upstream").map((
      directive,
    ) => [directive.args[0] ?? "", readUpstream(directive, draft)]),
  );
  const servers = http.filter(({ name }) => name === "server").map(({ block = [] }) => scope.inner(block));
  const frontends = toFrontends(servers, { draft, upstreams, backends: new BackendShelf(backends) });
  comment(draft.data, ABOVE, "Made by sluice convert from an nginx config.");
  fillHttp(draft, scope);
  draft.data["frontends"] = frontends;
  draft.data["defaults"] = { timeouts: { connect: "60s", response: "60s", idle: "60s" } };
  comment(draft.data, "defaults", "What nginx does where nothing is said.");
  if (Object.keys(backends).length > 0) draft.data["backends"] = backends;
  for (const difference of DIFFERENCES) draft.differ(difference);
}

function fillHttp(draft: Draft, scope: Scope): void {
  for (const directive of scope.own) {
    const { name, args, origin } = directive;
    if (name === "map" && /^\$(?:connection_upgrade|http_connection)$/.test(args[1] ?? "")) continue;
    const why = whyLost(name);
    if (why !== undefined) draft.lose(origin, why);
  }
  const resolver = scope.find("resolver");
  const servers = (resolver?.args ?? []).filter((word) => /^[\d.]+(?::\d+)?$|^\[/.test(word));
  if (servers.length > 0) draft.data["resolver"] = { servers };
}
