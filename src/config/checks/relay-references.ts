import { checkBackend, type Context, type FrontendContext } from "./action-references.ts";
import { STAGE_KEYS } from "../sections/stages.ts";
import { parseServerUrl } from "../sections/server.ts";
import { asTable, listAt } from "../text/tables.ts";

/** Keys of a frontend that say where a reverse proxy leads. */
const FOR_REVERSE = ["rules", "routes"];

/** A relay leads where its clients say: it has parents at most. */
export function checkRelay(frontend: Record<string, unknown>, context: FrontendContext): void {
  const { path, problems } = context;
  for (const key of FOR_REVERSE.filter((key) => listAt(frontend, key).length > 0)) {
    problems.push({
      path: [...path, key],
      message: 'is for mode = "reverse"; accepted: default_backend, or nothing, in a relay',
    });
  }
  for (const key of STAGE_KEYS.filter((key) => key in frontend)) {
    problems.push({
      path: [...path, key],
      message: 'is for mode = "reverse"; accepted: the keys of relay, in a relay',
    });
  }
  if ("ready_path" in frontend) {
    problems.push({
      path: [...path, "ready_path"],
      message: 'is for mode = "reverse"; accepted: /ready of the admin listener, in a relay',
    });
  }
  if ("health_path" in frontend) {
    problems.push({
      path: [...path, "health_path"],
      message: 'is for mode = "reverse"; accepted: /health of the admin listener, in a relay',
    });
  }
  const { domain_policy: policy, pac } = asTable(frontend["relay"]);
  const { mode = "off" } = asTable(policy);
  if (mode !== "off" && pac !== true && frontend["default_backend"] === undefined) {
    problems.push({
      path: [...path, "relay", "domain_policy"],
      message: "chooses between parents and nothing; accepted: with default_backend, or with pac = true",
    });
  }
  checkBackend(frontend["default_backend"], [...path, "default_backend"], { ...context, protocol: "proxy" });
}

/** Keys of a server, and of a check, that only make sense where the servers are proxies. */
const OF_PARENTS = ["username", "password"];
const OF_PARENT_CHECKS = ["url", "target"];

/** Whether what is written of a backend goes together with what its servers are. */
export function checkProtocol(backend: unknown, { path, problems }: Context): void {
  const { protocol = "http", health_check: check } = asTable(backend);
  const isProxy = protocol === "proxy";
  const accepted = 'accepted: with protocol = "proxy"';
  if (!isProxy) checkOwnProbe(check, { path, problems });
  else if ("sticky" in asTable(backend)) {
    problems.push({
      path: [...path, "sticky"],
      message: 'would give the sites behind a proxy a cookie of ours; accepted: balance = "hash", by client',
    });
  }
  listAt(backend, "servers").forEach((server, i) => {
    const at = [...path, "servers", i];
    const table = asTable(server);
    for (const key of isProxy ? [] : OF_PARENTS.filter((key) => key in table)) {
      problems.push({ path: [...at, key], message: `is for a proxy; ${accepted}` });
    }
    const url = typeof server === "string" ? server : table["url"];
    if (!isProxy || typeof url !== "string" || !hasPath(url)) return;
    problems.push({
      path: typeof server === "string" ? at : [...at, "url"],
      message: "has a path, which a proxy has not; accepted: a URL without it",
    });
  });
}

/** Whether a check, of servers that may be no proxies, asks them for nothing but themselves. */
export function checkOwnProbe(check: unknown, { path, problems }: Context): void {
  const written = asTable(check);
  const strange = OF_PARENT_CHECKS.filter((key) => key in written);
  if (written["type"] === "connect") strange.push("type");
  for (const key of strange) {
    problems.push({
      path: [...path, "health_check", key],
      message: 'asks a proxy for something; accepted: in a backend with protocol = "proxy"',
    });
  }
}

function hasPath(url: string): boolean {
  try {
    return parseServerUrl(url).basePath !== "";
  } catch {
    return false; // malformed: the schema says so
  }
}
