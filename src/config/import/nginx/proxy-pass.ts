import type { BackendShelf } from "../backend-shelf.ts";
import { comment, type Draft, type DraftTable } from "../draft.ts";
import { escapePattern } from "../terms.ts";
import { fillAnswerFields, fillRequestFields } from "./headers.ts";
import type { Directive } from "./parse.ts";
import type { Scope } from "./scope.ts";
import { nginxMs, toDuration } from "./units.ts";
import { serverUrl, type Upstream } from "./upstream.ts";
import { variablesIn } from "./variables.ts";

/** What locations share on their way to servers. */
export interface ProxyParts {
  readonly draft: Draft;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly backends: BackendShelf;
}

/** What a location takes, as far as its path is replaced by that of `proxy_pass`. */
export interface TakenPath {
  readonly kind: "exact" | "prefix" | "regex" | "named";
  readonly path: string;
}

/** What nginx waits for servers where nothing is said. */
const USUAL_MS = 60_000;

const RETRIED: Readonly<Record<string, number>> = {
  http_500: 500,
  http_502: 502,
  http_503: 503,
  http_504: 504,
  http_403: 403,
  http_404: 404,
  http_429: 429,
};

/** Parts of the address that `proxy_pass` names; undefined where it holds variables in other places than at its end. */
function parseTarget(
  text: string,
): { scheme: string; authority: string; uri: string | undefined } | undefined {
  // With the target as it came at its end nothing of the path is changed.
  const written = text.replace(/\$(?:request_uri|uri\$is_args\$args)$/, "");
  if (variablesIn(written).length > 0) return undefined;
  const unix = /^https?:\/\/(unix:\/[^:]+)(?::(.*))?$/.exec(written);
  if (unix !== null) return { scheme: "http", authority: unix[1]!, uri: unix[2] || undefined };
  const [, scheme, authority, uri] = /^(https?):\/\/([^/?#]+)(.*)$/.exec(written) ?? [];
  return scheme === undefined ? undefined : { scheme, authority: authority!, uri: uri || undefined };
}

/** Has `action` lead to where `proxy_pass` leads, with all that the location says of it. False where that cannot be said. */
export function fillProxyPass(
  action: DraftTable,
  directive: Directive,
  { scope, taken, parts }: { scope: Scope; taken: TakenPath; parts: ProxyParts },
): boolean {
  const { draft } = parts;
  const target = parseTarget(directive.args[0] ?? "");
  if (target === undefined) return false;
  const backend: DraftTable = {};
  const fields: DraftTable = {};
  const { rewritesHost, forgetsChain } = fillRequestFields(fields, scope, draft);
  if (forgetsChain) draft.differ(FORGETS);
  const upstream = parts.upstreams.get(target.authority);
  if (upstream === undefined) backend["servers"] = [serverUrl(target.authority, target.scheme)];
  else upstream.fill(backend, target.scheme);
  const settings = { scope, draft, isUpstream: upstream !== undefined, scheme: target.scheme };
  fillBackend(backend, { ...settings, rewritesHost });
  // The servers come last, as one would write them.
  const { servers } = backend;
  delete backend["servers"];
  backend["servers"] = servers;
  action["backend"] = parts.backends.add(
    upstream?.name ?? target.authority.replace(/^unix:\/(?:.*\/)?/, "").replace(/[.:]/g, "-"),
    backend,
  );
  if (target.uri !== undefined) fillPath(action, { uri: target.uri, taken, origin: directive.origin, draft });
  Object.assign(action, fields);
  fillRest(action, scope, draft);
  fillAnswerFields(action, scope, draft);
  return true;
}

const FORGETS =
  "X-Forwarded-For $remote_addr drops what clients say: trusted_proxies = [] of the frontend does, and holds for all of it";

/** How the part of the path that the location takes becomes the path of `proxy_pass`. */
function fillPath(
  action: DraftTable,
  { uri, taken: { kind, path }, origin, draft }: {
    uri: string;
    taken: TakenPath;
    origin: Directive["origin"];
    draft: Draft;
  },
): void {
  if (uri.includes("?") || kind === "regex" || kind === "named") {
    draft.lose(
      origin,
      "a path with a query, or one that replaces a pattern, is not put in place",
      action,
      "backend",
    );
  } else if (kind === "exact") action["replace_path"] = uri;
  else if (path === uri) return;
  else if (path === "/" && uri.endsWith("/")) {
    action["add_prefix"] = uri.slice(0, -1);
  } else if (path.endsWith("/") && uri.endsWith("/")) {
    action["strip_prefix"] = path.slice(0, -1);
    if (uri !== "/") action["add_prefix"] = uri.slice(0, -1);
  } else {
    action["rewrite_path"] = { pattern: `^${escapePattern(path)}`, replacement: uri.replaceAll("$", "$$$$") };
    if (uri === "/") {
      draft.change(
        origin,
        "no path begins with two slashes; with nginx some do here",
        action,
        "rewrite_path",
      );
    }
  }
}

/** What nginx says in locations and we in backends. */
function fillBackend(
  backend: DraftTable,
  { scope, draft, scheme, isUpstream, rewritesHost }: {
    scope: Scope;
    draft: Draft;
    scheme: string;
    isUpstream: boolean;
    rewritesHost: boolean;
  },
): void {
  if (rewritesHost) {
    backend["host_header"] = "rewrite";
    comment(
      backend,
      "host_header",
      "nginx sends the address of proxy_pass where no proxy_set_header names Host",
    );
    if (isUpstream) draft.differ(UPSTREAM_HOST);
  }
  const connect = toDuration(scope.find("proxy_connect_timeout")?.args[0] ?? "");
  if (connect !== undefined) {
    backend["timeouts"] = { connect, ...backend["timeouts"] as DraftTable | undefined };
  }
  fillRetries(backend, scope, draft);
  if (scheme === "https") fillTls(backend, scope, draft);
}

const UPSTREAM_HOST =
  'Host without proxy_set_header: nginx sends the name of the upstream, Sluice with host_header = "rewrite" the server\'s address';

function fillRetries(backend: DraftTable, scope: Scope, draft: Draft): void {
  const retries: DraftTable = {};
  const next = scope.find("proxy_next_upstream");
  if (next?.args.includes("off") === true) retries["attempts"] = 1;
  const statuses = (next?.args ?? []).map((word) => RETRIED[word]).filter((status) => status !== undefined);
  if (statuses.length > 0) retries["statuses"] = statuses;
  if (next?.args.includes("non_idempotent") === true) {
    draft.lose(next.origin, "what is not idempotent reaches one server at most", backend, "servers");
  }
  const tries = Number(scope.find("proxy_next_upstream_tries")?.args[0] ?? 0);
  if (tries > 0 && retries["attempts"] === undefined) retries["attempts"] = Math.min(tries, 10);
  const timeout = scope.find("proxy_next_upstream_timeout")?.args[0];
  if (timeout !== undefined && nginxMs(timeout) !== 0) retries["deadline"] = toDuration(timeout);
  if (Object.keys(retries).length > 0) backend["retries"] = retries;
}

/** nginx does not look at the certificates of servers unless it is told to. */
function fillTls(backend: DraftTable, scope: Scope, draft: Draft): void {
  const tls: DraftTable = {};
  if (!scope.isOn("proxy_ssl_verify")) {
    tls["verify"] = false;
    comment(backend, "tls", "as nginx does without proxy_ssl_verify; better is true");
  }
  const name = scope.find("proxy_ssl_name");
  if (name !== undefined && variablesIn(name.args[0] ?? "").length === 0) tls["server_name"] = name.args[0];
  else if (name !== undefined && name.args[0] !== "$proxy_host") {
    draft.lose(name.origin, "the name depends on the request", backend, "servers");
  }
  const ca = scope.find("proxy_ssl_trusted_certificate");
  if (ca !== undefined && scope.isOn("proxy_ssl_verify")) {
    draft.lose(
      ca.origin,
      `to trust it: tls = { ca = ${JSON.stringify(ca.args[0])} }, read at load`,
      backend,
      "servers",
    );
  }
  if (Object.keys(tls).length > 0) backend["tls"] = tls;
}

function fillRest(action: DraftTable, scope: Scope, draft: Draft): void {
  const read = toDuration(scope.find("proxy_read_timeout")?.args[0] ?? "");
  const idle = read ?? toDuration(scope.find("proxy_send_timeout")?.args[0] ?? "");
  // Servers get 60 s by [defaults], as nginx gives them.
  if (read !== undefined && nginxMs(read) !== USUAL_MS) action["response_timeout"] = read;
  if (idle !== undefined && nginxMs(idle) !== USUAL_MS) action["idle_timeout"] = idle;
  const method = scope.find("proxy_method")?.args[0];
  if (method !== undefined) action["method"] = method;
  const body = scope.find("proxy_set_body");
  if (body !== undefined && variablesIn(body.args[0] ?? "").length === 0) action["body"] = body.args[0];
  else if (body !== undefined) draft.lose(body.origin, "a body of Sluice's own holds no variables", action);
  for (const name of ["proxy_buffering", "proxy_request_buffering"]) {
    const said = scope.find(name);
    if (said?.args[0] === "on") {
      draft.change(said.origin, "Sluice passes bodies on as they come, and keeps none back");
    }
  }
}
