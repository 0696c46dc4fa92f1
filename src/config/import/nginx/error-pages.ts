import type { DraftTable } from "../draft.ts";
import { literal } from "../draft.ts";
import type { Location } from "./location.ts";
import { fillProxyPass, type ProxyParts } from "./proxy-pass.ts";
import type { Scope } from "./scope.ts";
import { toTemplate } from "./variables.ts";

/** Statuses that nginx itself answers for servers that fail. */
const OWN_FAILURES = [502, 504];

/** What `error_page` does in place of answers to requests that go to servers. */
export function fillErrorPages(
  action: DraftTable,
  scope: Scope,
  { parts, named }: { parts: ProxyParts; named: ReadonlyMap<string, Location> },
): void {
  const { draft } = parts;
  const intercepts = scope.isOn("proxy_intercept_errors");
  const instead: DraftTable = {};
  for (const { args, origin } of scope.findAll(["error_page"])) {
    const target = args.at(-1) ?? "";
    const statuses = args.filter((word) => /^\d{3}$/.test(word)).map(Number)
      .filter((status) => status >= 300 && status < 600 && (intercepts || OWN_FAILURES.includes(status)));
    if (statuses.length === 0) continue; // nginx passes such answers of servers on
    const what = toInstead(target, { parts, named });
    if (what === undefined) {
      draft.lose(
        origin,
        'a page of a file: error_pages of the frontend, or on_status with respond = { file = "…" }',
        action,
      );
      continue;
    }
    const status = args.find((word) => word.startsWith("="));
    if (status !== undefined && status !== "=") {
      draft.lose(origin, "the status is that of the answer in its place", action, "on_status");
    } else if (status === undefined && "backend" in what) {
      draft.change(origin, "the status is that of the answer in its place", action, "on_status");
    }
    if (!intercepts) {
      draft.change(origin, "holds for answers of servers of these statuses as well", action, "on_status");
    }
    if (
      "backend" in what &&
      named.get(target)?.scope.own.some(({ name }) => name === "proxy_set_header") === true
    ) {
      draft.change(
        origin,
        `the fields of requests are those of this location, not of ${target}`,
        action,
        "on_status",
      );
    }
    for (const status of statuses) instead[String(status)] = what;
  }
  if (Object.keys(instead).length > 0) action["on_status"] = instead;
}

function toInstead(
  target: string,
  { parts, named }: { parts: ProxyParts; named: ReadonlyMap<string, Location> },
): DraftTable | undefined {
  if (/^https?:\/\//.test(target)) {
    const to = toTemplate(target);
    return to === undefined ? undefined : { redirect: to };
  }
  const location = named.get(target);
  const pass = location?.scope.own.find(({ name }) => name === "proxy_pass");
  if (location !== undefined && pass !== undefined) {
    const action: DraftTable = {};
    const taken = { kind: "named", path: location.path } as const;
    if (!fillProxyPass(action, pass, { scope: location.scope, taken, parts })) return undefined;
    return { backend: action["backend"] };
  }
  const answer = location?.scope.own.find(({ name }) => name === "return");
  const [code = "", text = ""] = answer?.args ?? [];
  return /^\d{3}$/.test(code) && !text.includes("$")
    ? { respond: { status: Number(code), body: literal(text) } }
    : undefined;
}
