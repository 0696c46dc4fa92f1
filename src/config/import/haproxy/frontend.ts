import { comment, type Draft, type DraftTable } from "../draft.ts";
import { hasTls, readBinds } from "./bind.ts";
import { Conditions, isUnknown, toTerm } from "./conditions.ts";
import { Rules } from "../rules.ts";
import { whyLineLost } from "./known.ts";
import type { Line } from "./parse.ts";
import type { ProxySection } from "./proxy.ts";
import { actionsAtEnd, followSteps, type LineStep, type RequestWay } from "../step.ts";
import { readSteps } from "./steps.ts";
import { haproxyDuration } from "./units.ts";

/** The backends of HAProxy by name, each with the name that it has with us where it has servers. */
export type Targets = ReadonlyMap<
  string,
  { readonly proxy: ProxySection; readonly backend: string | undefined; readonly table: DraftTable }
>;

/** A frontend of ours from a frontend or listen of HAProxy. */
export function toFrontend(proxy: ProxySection, targets: Targets, draft: Draft): DraftTable {
  const frontend: DraftTable = { name: proxy.name };
  const tls = hasTls(proxy);
  const bind = readBinds(proxy, frontend, draft);
  frontend["bind"] = bind.length === 1 ? bind[0] : bind;
  fillConnection(frontend, proxy, draft);
  const conditions = new Conditions(proxy, draft, { tls });
  const rules = new Rules();
  const push = (terms: readonly string[], action: DraftTable) => rules.push(terms, action);
  const lead = (name: string, way: RequestWay) => toTarget(name, way, { targets, draft, tls, push });
  followSteps(readSteps(proxy, conditions, { draft, table: frontend }), { terms: [], edits: [] }, {
    push,
    end: (way) => {
      for (const { name, term } of usedBackends(proxy, conditions, { draft, frontend })) {
        lead(name, { ...way, terms: [...way.terms, term] });
      }
      const last = proxy.find("default_backend")?.words[1] ??
        (proxy.kind === "listen" ? proxy.name : undefined);
      if (last !== undefined) lead(last, way);
      else push(way.terms, { respond: { status: 503 } });
    },
  });
  for (const { words, origin } of proxy.section.lines) {
    const why = whyLineLost(words);
    if (why !== undefined) draft.lose(origin, why, frontend);
  }
  rules.fill(frontend);
  return frontend;
}

function usedBackends(
  proxy: ProxySection,
  conditions: Conditions,
  { draft, frontend }: { draft: Draft; frontend: DraftTable },
): { name: string; term: string }[] {
  return proxy.all("use_backend").flatMap(({ words, origin }: Line) => {
    const name = words[1] ?? "";
    const truth = conditions.read(words.slice(2));
    if (isUnknown(truth) || /[%[\]]/.test(name)) {
      draft.lose(origin, isUnknown(truth) ? truth.why : "which backend depends on the request", frontend);
      return [];
    }
    const term = toTerm(truth);
    return term === undefined ? [] : [{ name, term }];
  });
}

/** What the backend does itself comes before its servers. */
function toTarget(
  name: string,
  way: RequestWay,
  { targets, draft, tls, push }: {
    targets: Targets;
    draft: Draft;
    tls: boolean;
    push: (terms: readonly string[], action: DraftTable) => void;
  },
): void {
  const target = targets.get(name);
  const steps: LineStep[] = target === undefined || target.proxy.kind === "listen"
    ? []
    : readSteps(target.proxy, new Conditions(target.proxy, draft, { tls }), { draft, table: target.table });
  followSteps(steps, way, {
    push,
    end: (at) => {
      const { backend } = target ?? {};
      if (backend === undefined) return push(at.terms, { respond: { status: 503 } });
      for (const { terms, action } of actionsAtEnd(at, () => ({ backend }))) push(terms, action);
    },
  });
}

function fillConnection(frontend: DraftTable, proxy: ProxySection, draft: Draft): void {
  const timeouts: DraftTable = {};
  const keys = [["http-request", "request_headers"], ["client", "body_idle"], [
    "http-keep-alive",
    "keep_alive",
  ], ["client", "write_idle"]] as const;
  for (const [name, key] of keys) {
    const time = haproxyDuration(proxy.timeout(name));
    if (time !== undefined && !(key === "request_headers" && time === "0s")) timeouts[key] = time;
  }
  // Without one of its own the wait for the next request is as long as that for anything else.
  if (timeouts["keep_alive"] === undefined) {
    timeouts["keep_alive"] = timeouts["request_headers"] ?? timeouts["body_idle"];
  }
  if (Object.values(timeouts).some((time) => time !== undefined)) frontend["timeouts"] = timeouts;
  const most = Number(proxy.find("maxconn")?.words[1] ?? 0);
  if (most > 0) frontend["max_connections"] = most;
  const monitor = proxy.find("monitor-uri")?.words[1];
  if (monitor !== undefined) frontend["ready_path"] = monitor;
  fillCompression(frontend, proxy, draft);
  const except = proxy.find("option", "forwardfor");
  if (except !== undefined && except.words.length > 2) {
    draft.change(
      except.origin,
      "X-Forwarded-For is sent of every client, and gets each peer added",
      frontend,
      "bind",
    );
  }
  for (const { origin } of [...proxy.all("errorfile"), ...proxy.all("errorloc")]) {
    draft.lose(
      origin,
      "a file of HAProxy holds a whole answer; error_pages of a frontend takes the page alone",
      frontend,
    );
  }
}

function fillCompression(frontend: DraftTable, proxy: ProxySection, draft: Draft): void {
  const algo = proxy.find("compression", "algo");
  if (algo === undefined) return;
  const types = proxy.find("compression", "type")?.words.slice(2) ?? [];
  frontend["compress"] = {
    algorithms: ["gzip"],
    ...(types.length > 0 && { types: types.map((type) => type.endsWith("/") ? `${type}*` : type) }),
  };
  if (!algo.words.includes("gzip")) draft.change(algo.origin, "the coding is gzip");
  comment(frontend, "compress", "zstd and br are there as well");
}
