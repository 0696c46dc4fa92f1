import { listWords, MAX_GUESSES, refuseValue } from "../problems/wording.ts";
import type { Path } from "../text/positions.ts";
import { ANSWER_KEYS, CHANGE_KEYS } from "../sections/action.ts";
import { STAGE_KEYS } from "../sections/stages.ts";
import { suggest } from "../../base/suggest.ts";
import { asTable, isTable } from "../text/tables.ts";

/** A problem that the schema cannot see because it lies between sections. */
export interface ReferenceProblem {
  path: Path;
  message: string;
  /** What else the message names; in another file it is named with its place. */
  other?: Path;
}

/** Where something stands, and where its problems are added. */
export interface Context {
  path: Path;
  problems: ReferenceProblem[];
}

/** The same for what is in a frontend. */
export interface FrontendContext extends Context {
  /** Names of all backends. */
  backends: readonly string[];
  /** Those whose servers are proxies. */
  parents: ReadonlySet<string>;
  /** The frontend as it was written. */
  frontend?: unknown;
  /** What the frontend's mode makes of its backends: those of a relay are proxies. */
  protocol: "http" | "proxy";
}

/** Checks that a rule or a route says once who answers, that this backend exists, and that no key would do nothing. */
export function checkAction(action: unknown, path: Path, context: FrontendContext): void {
  if (!isTable(action)) return;
  const { problems } = context;
  const answers = ANSWER_KEYS.filter((key) => key in action);
  const accepted = `one of ${ANSWER_KEYS.join(", ")}`;
  if (answers.length === 0) problems.push({ path, message: `leads nowhere; accepted: ${accepted}` });
  for (const key of answers.slice(1)) {
    problems.push({ path: [...path, key], message: `stands beside ${answers[0]}; accepted: ${accepted}` });
  }
  if (answers[0] === "redirect" || answers[0] === "respond") {
    for (const key of CHANGE_KEYS.filter((key) => key in action)) {
      problems.push({
        path: [...path, key],
        message: `does nothing beside ${answers[0]}; accepted: beside backend or split`,
      });
    }
  }
  for (const key of STAGE_KEYS.filter((key) => action[key] === false)) {
    if (key in asTable(context.frontend)) continue;
    const message = "switches off what the frontend does not have; accepted: nothing, or settings of its own";
    problems.push({ path: [...path, key], message });
  }
  checkBackend(action.backend, [...path, "backend"], context);
  checkBackend(asTable(action.mirror).backend, [...path, "mirror", "backend"], context);
  for (const [status, instead] of Object.entries(asTable(action.on_status))) {
    checkBackend(asTable(instead).backend, [...path, "on_status", status, "backend"], context);
  }
  checkAuth(action, path, context);
  checkSplit(action, path, context);
}

/** Whether the backends exist that a rule, a route or a frontend has say who may pass. */
export function checkAuth(
  { auth }: Readonly<Record<string, unknown>>,
  path: Path,
  context: FrontendContext,
): void {
  const { any } = asTable(auth);
  const several = Array.isArray(any) ? any : [];
  const ways = [[auth, []] as const, ...several.map((way, i) => [way, ["any", i]] as const)];
  for (const [way, at] of ways) {
    for (const key of ["forward", "jwt"]) {
      const { backend } = asTable(asTable(way)[key]);
      checkBackend(backend, [...path, "auth", ...at, key, "backend"], context);
    }
  }
}

function checkSplit(action: Record<string, unknown>, path: Path, context: FrontendContext): void {
  const { problems } = context;
  const split = asTable(action["split"]);
  for (const name of Object.keys(split)) checkBackend(name, [...path, "split", name], context);
  if (isTable(action["split"]) && Object.values(split).every((weight) => weight === 0)) {
    problems.push({
      path: [...path, "split"],
      message: "has no share above 0; accepted: one or more that have one",
    });
  }
  if ("split_on" in action && !("split" in action)) {
    problems.push({
      path: [...path, "split_on"],
      message: "does nothing without split; accepted: beside it",
    });
  }
}

/** Names that one message lists. */
const MAX_LISTED = 8;

/** Whether there is a backend of that name, and one of the kind that is wanted. */
export function checkBackend(name: unknown, path: Path, context: FrontendContext): void {
  const { backends, problems } = context;
  if (typeof name !== "string" || name === "") return;
  if (backends.includes(name)) return checkKind(name, path, context);
  const accepted = backends.length === 0
    ? "the name of a backend, of which there are none"
    : backends.length <= MAX_LISTED
    ? listWords(backends)
    : `${
      backends.slice(0, MAX_LISTED).map((name) => JSON.stringify(name)).join(", ")
    } … (${backends.length} in all)`;
  const near = problems.length < MAX_GUESSES ? suggest(name, backends) : undefined;
  problems.push({ path, message: refuseValue(name, accepted, near) });
}

function checkKind(name: string, path: Path, { parents, protocol, problems }: FrontendContext): void {
  if (parents.has(name) === (protocol === "proxy")) return;
  const message = protocol === "proxy"
    ? `is ${JSON.stringify(name)}, whose servers are no proxies; accepted: a backend with protocol = "proxy"`
    : `is ${JSON.stringify(name)}, whose servers are proxies; accepted: from a frontend with mode = "relay"`;
  problems.push({ path, message });
}
