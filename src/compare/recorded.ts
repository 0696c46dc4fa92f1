import { describeFate, type Difference, type DifferenceKind } from "./difference.ts";
import { type Fate, headOfFate } from "./fate.ts";
import { type LoggedRequest, NO_BACKEND } from "./logged-request.ts";

/** Reasons that a line of the log shows all the causes of: what else a request is refused for stands in its other headers. */
const PLAIN_REFUSALS: ReadonlySet<string> = new Set(["no_route", "method_not_allowed"]);

/** Why what a log says cannot be held against what a config does. */
export type Incomparable = { readonly why: string };

const HIDDEN_REFUSAL: Incomparable = { why: "refused for something that the log does not show" };
const ENDED_EARLY: Incomparable = { why: "over before anybody took it" };
const OWN_QUESTION: Incomparable = { why: "answered by the proxy for something that the log does not show" };
const UNKNOWN_BACKEND: Incomparable = { why: "sent to a server; the log does not say to which backend" };
const OTHER_NAMES: Incomparable = { why: "sent to a backend of a name that this config does not have" };

/** Holds what `request` says became of it against what a config does with it; `names` are the backends of that config. */
export function differenceFromLog(
  { method, recorded: { status, backend, reason } }: LoggedRequest,
  first: Fate,
  names: ReadonlyMap<string, unknown>,
): Difference | Incomparable | undefined {
  const after = madeReady(first);
  const differ = (what: DifferenceKind, before: string): Difference => ({
    what,
    before,
    after: describeFate(after),
  });
  if (reason === undefined) return fromOthers({ status, backend, after, names, differ });
  if (backend !== undefined && backend !== NO_BACKEND) {
    if (after.kind !== "sent") return differ(after.kind, `backend ${backend}`);
    return mayGoTo(after, backend) ? undefined : differ("elsewhere", `backend ${backend}`);
  }
  if (reason !== "ok") {
    const before = `refused: ${reason}`;
    if (after.kind === "refused" && after.to === before) return undefined;
    if (PLAIN_REFUSALS.has(reason)) return differ(after.kind === "sent" ? "served" : after.kind, before);
    return status === 499 || reason === "request_timeout" || /limit$|^shutdown$/.test(reason)
      ? ENDED_EARLY
      : HIDDEN_REFUSAL;
  }
  if (after.kind === "sent") {
    return method === "OPTIONS" || after.frontend?.relay !== undefined
      ? OWN_QUESTION
      : differ("elsewhere", `answer ${status}`);
  }
  const known = after.outcome.answer?.status;
  return known === undefined || known === status ? undefined : differ(after.kind, `answer ${status}`);
}

/** The log of another proxy. */
function fromOthers({ status, backend, after, names, differ }: {
  status: number;
  backend: string | undefined;
  after: Fate;
  names: ReadonlyMap<string, unknown>;
  differ: (what: DifferenceKind, before: string) => Difference;
}): Difference | Incomparable | undefined {
  if (after.kind === "sent") {
    if (backend === undefined) return UNKNOWN_BACKEND;
    if (backend === NO_BACKEND) return differ(status >= 400 ? "served" : "elsewhere", `answer ${status}`);
    if (mayGoTo(after, backend)) return undefined;
    return names.has(backend) ? differ("elsewhere", `backend ${backend}`) : OTHER_NAMES;
  }
  const answers = after.outcome.failure?.status ?? after.outcome.answer?.status;
  if (status === answers) return undefined;
  return differ(
    after.kind,
    backend === undefined || backend === NO_BACKEND ? `answer ${status}` : `backend ${backend}`,
  );
}

/** Whether this fate leads to `backend`: at once, by a split, or after an answer that `on_status` replaces. */
function mayGoTo({ outcome: { course, taken } }: Fate, backend: string): boolean {
  if (course?.backend.name === backend) return true;
  const { split, splitOn, onStatus = {} } = taken?.action ?? {};
  if (splitOn !== undefined && (split?.[backend] ?? 0) > 0) return true;
  return Object.values(onStatus).some((instead) => instead.backend === backend);
}

/** A request may be refused as late as its target is put together. */
function madeReady(fate: Fate): Fate {
  const { course } = fate.outcome;
  const server = course?.backend.servers[0];
  if (server === undefined || (course?.shape?.target === undefined && server.basePath === "")) return fate;
  return headOfFate(fate, server).fate;
}
