import {
  checkAction,
  checkAuth,
  checkBackend,
  type Context,
  type FrontendContext,
  type ReferenceProblem,
} from "./action-references.ts";
import { policyCalled, policyGoesBy } from "../../base/policies.ts";
import { DEFAULT_ADMIN_BIND } from "../sections/admin.ts";
import { isProbedAlways } from "../sections/health-check.ts";
import { DEFAULT_METRICS_PATH } from "../sections/metrics.ts";
import { DEFAULT_PATH_PREFIX } from "../sections/route.ts";
import { parseBind } from "../values/bind.ts";
import { defaultFrontendName } from "../sections/frontend.ts";
import { parseRouteHost } from "../values/host.ts";
import { refuseValue } from "../problems/wording.ts";
import { checkAdmin } from "./admin-references.ts";
import { Overlaps } from "./overlaps.ts";
import { formatPath } from "../text/positions.ts";
import type { Path } from "../text/positions.ts";
import { checkOwnProbe, checkProtocol, checkRelay } from "./relay-references.ts";
import { parseServerUrl } from "../sections/server.ts";
import { asTable, isTable, listAt } from "../text/tables.ts";

/**
 * Finds references to nothing and things that are there twice.
 *
 * Reads the data as it was written, whatever its form, so that these problems show up together with those of
 * the schema. What is malformed is skipped here: the schema has reported it.
 */
export function checkReferences(data: unknown): ReferenceProblem[] {
  const problems: ReferenceProblem[] = [];
  const backends = asTable(asTable(data).backends);
  const names = new Unique("a name of its own", problems);
  const addresses = new Unique("each address once", problems);
  const overlaps = new Overlaps((problem) => problems.push(problem));

  const metrics = asTable(asTable(data).metrics);
  const metricsPath = metrics.enabled === true ? metrics.path ?? DEFAULT_METRICS_PATH : undefined;
  const isParent = (name: string) => asTable(backends[name]).protocol === "proxy";
  const parents = new Set(Object.keys(backends).filter(isParent));
  listAt(data, "frontends").forEach((frontend, i) => {
    const path = ["frontends", i];
    const name = asTable(frontend).name ?? defaultFrontendName(i);
    names.add([...path, "name"], name, (text) => text);
    const { bind, ready_path: readyPath, health_path: healthPath } = asTable(frontend);
    if (readyPath !== undefined && readyPath === metricsPath) {
      problems.push({
        path: [...path, "ready_path"],
        message: "is the path of the metrics; accepted: any other",
      });
    }
    if (healthPath !== undefined && (healthPath === metricsPath || healthPath === readyPath)) {
      problems.push({
        path: [...path, "health_path"],
        message: "is the path of the metrics, or ready_path; accepted: any other",
      });
    }
    addresses.add([...path, "bind"], bind, toBindKey);
    overlaps.add([...path, "bind"], bind);
    listAt(frontend, "bind").forEach((address, j) => {
      addresses.add([...path, "bind", j], address, toBindKey);
      overlaps.add([...path, "bind", j], address);
    });
    checkFrontend(frontend, {
      path,
      frontend,
      backends: Object.keys(backends),
      parents,
      protocol: "http",
      problems,
    });
  });
  const { admin } = asTable(data);
  if (admin !== undefined) {
    const { bind = DEFAULT_ADMIN_BIND } = asTable(admin);
    addresses.add(["admin", "bind"], bind, toBindKey);
    overlaps.add(["admin", "bind"], bind);
    checkAdmin(admin, problems);
  }

  const defaults = asTable(asTable(data).defaults);
  const { health_check: everyCheck } = defaults;
  const checkOfAll = asTable(asTable(data).healthcheck).enabled === true ? {} : undefined;
  checkHealthCheck({}, everyCheck, { path: ["defaults"], problems });
  checkOwnProbe(everyCheck, { path: ["defaults"], problems });
  for (const [name, backend] of Object.entries(backends)) {
    const servers = new Unique("each server once in a backend", problems);
    checkHealthCheck(everyCheck, asTable(backend).health_check, { path: ["backends", name], problems });
    if (!isProbedAlways([checkOfAll, everyCheck, asTable(backend).health_check].map(tableOrNone))) {
      checkUnprobed(backend, defaults, { path: ["backends", name], problems });
    }
    checkProtocol(backend, { path: ["backends", name], problems });
    checkHedge(backend, defaults, { path: ["backends", name], problems });
    listAt(backend, "servers").forEach((server, i) => {
      const path = ["backends", name, "servers", i];
      servers.add(path, server, toServerKey);
      servers.add([...path, "url"], asTable(server).url, toServerKey);
      checkProbePort(server, { path, problems });
    });
  }
  if (Object.hasOwn(backends, "straight") && listAt(data, "frontends").some(isRelay)) {
    problems.push({
      path: ["backends", "straight"],
      message:
        "is what logs and metrics call requests without a parent; accepted: any other name beside a relay",
    });
  }
  // A record of zod's leaves this key out in silence.
  if (Object.hasOwn(backends, "__proto__")) {
    problems.push({
      path: ["backends", "__proto__"],
      message: "is not accepted as a name; accepted: any other name",
    });
  }
  return problems;
}

function isRelay(frontend: unknown): boolean {
  return asTable(frontend).mode === "relay";
}

/** Where one frontend leads: somewhere, to backends that exist, and by routes that differ. */
function checkFrontend(frontend: unknown, context: FrontendContext): void {
  const { path, problems } = context;
  if (!isTable(frontend)) return;
  if (frontend.mode === "relay") return checkRelay(frontend, context);
  if ("relay" in frontend) {
    problems.push({ path: [...path, "relay"], message: 'does nothing here; accepted: with mode = "relay"' });
  }
  const { default_backend: backend, rules, routes } = frontend;
  if (backend === undefined && isNothing(rules) && isNothing(routes)) {
    problems.push({
      path,
      message: "leads nowhere; accepted: default_backend, or one or more rules or routes",
    });
  }
  checkBackend(backend, [...path, "default_backend"], context);
  checkAuth(frontend, path, context);
  listAt(frontend, "rules").forEach((rule, i) => checkAction(rule, [...path, "rules", i], context));

  const seen = new Unique("each pair of host and path_prefix once", problems);
  listAt(frontend, "routes").forEach((route, i) => {
    const at = [...path, "routes", i];
    const { host, path_prefix: prefix = DEFAULT_PATH_PREFIX } = asTable(route);
    checkAction(route, at, context);
    if (!isTable(route) || typeof prefix !== "string") return;
    const toKey = () => (host === undefined ? "" : parseRouteHost(String(host))) + prefix;
    seen.add(at, `${host ?? ""}${prefix}`, toKey);
  });
}

/** The keys that make a check ask for a body that never comes; the first that is written is the one to blame. */
const BODY_KEYS = ["expected_body", "method", "type"];

/** Whether the check that `written` makes of `inherited` looks for a body where there is none. */
function checkHealthCheck(inherited: unknown, written: unknown, { path, problems }: Context): void {
  const { type, method, expected_body: body } = { ...asTable(inherited), ...asTable(written) };
  if (type === "tcp" || method !== "HEAD" || body === undefined) return;
  const key = BODY_KEYS.find((key) => Object.hasOwn(asTable(written), key));
  if (key === undefined) return; // reported where it was inherited from
  problems.push({
    path: [...path, "health_check", key],
    message: 'looks for expected_body in an answer to HEAD, which has no body; accepted: method = "GET"',
  });
}

/** A section that is not there is none; one of the wrong form counts as empty, as the schema reports it. */
function tableOrNone(section: unknown): Record<string, unknown> | undefined {
  return section === undefined ? undefined : asTable(section);
}

/** What a backend without probes cannot have, whether it says so itself or the defaults do. */
function checkUnprobed(
  backend: unknown,
  defaults: Record<string, unknown>,
  { path, problems }: Context,
): void {
  const { balance = defaults.balance, max_requests: ofAll = defaults.max_requests } = asTable(backend);
  const policy = typeof balance === "string" ? policyCalled(balance) : undefined;
  if (policy !== undefined && policyGoesBy(policy) === "probes") {
    const message = refuseValue(balance, "another policy, or health_check with it: it goes by the probes");
    problems.push({ path: [...path, "balance"], message });
  }
  const accepted = "0, or health_check with it: the requests between two probes are counted";
  const refuse = (path: Path, count: unknown) => {
    if (typeof count !== "number" || count <= 0) return;
    problems.push({ path: [...path, "max_requests"], message: refuseValue(count, accepted) });
  };
  refuse(path, ofAll);
  listAt(backend, "servers").forEach((server, i) => {
    refuse([...path, "servers", i], asTable(server).max_requests);
  });
}

/** Whether a server whose probes are to go to another port has ports at all. */
function checkProbePort(server: unknown, { path, problems }: Context): void {
  const { url, health_check: check } = asTable(server);
  const { port } = asTable(check);
  if (port === undefined || typeof url !== "string" || !url.startsWith("unix:")) return;
  const accepted = "a port where url is http:// or https://; a unix socket has none";
  problems.push({ path: [...path, "health_check", "port"], message: refuseValue(port, accepted) });
}

/** Who is sent to one server is sent to no second one beside it. */
function checkHedge(backend: unknown, defaults: Record<string, unknown>, { path, problems }: Context): void {
  const own = asTable(asTable(backend).retries);
  const { attempts } = { ...asTable(defaults["retries"]), ...own };
  if (attempts !== 1 || typeof own["hedge"] !== "string") return;
  const message = "does nothing with attempts = 1; accepted: two or more attempts";
  problems.push({ path: [...path, "retries", "hedge"], message });
}

function isNothing(list: unknown): boolean {
  return list === undefined || (Array.isArray(list) && list.length === 0);
}

/** Reports the second of two equal things, and where the first one is. */
class Unique {
  readonly #first = new Map<string, Path>();
  readonly #accepted: string;
  readonly #problems: ReferenceProblem[];

  constructor(accepted: string, problems: ReferenceProblem[]) {
    this.#accepted = accepted;
    this.#problems = problems;
  }

  /** Adds `value`. Values with the same key are equal; one whose `toKey` throws or has no key is skipped. */
  add(path: Path, value: unknown, toKey: (text: string) => string | undefined): void {
    const key = typeof value === "string" ? ifReadable(() => toKey(value)) : undefined;
    if (key === undefined) return;
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, path);
    else {
      const found = `is ${JSON.stringify(value)}, the same as ${formatPath(first)}`;
      this.#problems.push({ path, other: first, message: `${found}; accepted: ${this.#accepted}` });
    }
  }
}

/** Two listeners on port 0 get different ports, so they are never equal. */
function toBindKey(text: string): string | undefined {
  const address = parseBind(text);
  return address.kind === "tcp" && address.port === 0 ? undefined : address.text;
}

function toServerKey(text: string): string {
  return parseServerUrl(text).url;
}

function ifReadable<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined; // malformed: the schema says so
  }
}
