import { isDeepStrictEqual } from "node:util";
import { type Fate, headOfFate } from "./fate.ts";
import type { SettingsComparer } from "./settings.ts";

/** What another config does with a request otherwise. */
export interface Difference {
  readonly what: DifferenceKind;
  /** What became of it, and by whom. */
  readonly before: string;
  /** What becomes of it. */
  readonly after: string;
  /** What is not the same, where it goes the same way. */
  readonly differs?: readonly string[];
}

/**
 * It goes to another backend; is refused; was refused and is not any more; is redirected; is answered by the proxy itself;
 * is sent in another form; is sent as it was, but with other settings.
 */
export type DifferenceKind =
  | "elsewhere"
  | "refused"
  | "served"
  | "redirected"
  | "answered"
  | "shaped"
  | "settings";

/** What is not the same between what two configs do with one request; undefined where nothing is. */
export function differenceBetween(
  before: Fate,
  after: Fate,
  settings: SettingsComparer,
): Difference | undefined {
  if (before.kind !== after.kind || before.to !== after.to) return otherWay(before, after);
  switch (after.kind) {
    case "refused":
      return undefined;
    case "redirected":
      return locationOf(before) === locationOf(after)
        ? differenceOfStages(before, after, settings)
        : otherWay(before, after, ["location"]);
    case "answered":
      return sameAnswer(before, after)
        ? differenceOfStages(before, after, settings)
        : otherWay(before, after, ["respond"]);
    case "sent":
      return differenceSent(before, after, settings);
  }
}

/** Both go to the same backend. */
function differenceSent(before: Fate, after: Fate, settings: SettingsComparer): Difference | undefined {
  const ofAction = settings.ofActions(before.outcome.taken, after.outcome.taken);
  const ofFrontend = settings.ofFrontends(before.frontend!, after.frontend!);
  const straight = after.outcome.by === "straight"; // there are as many such backends as targets
  const [old, next] = [before.outcome.course!.backend, after.outcome.course!.backend];
  const ofBackend = straight ? { changed: [], servers: undefined } : settings.ofBackends(old, next);
  const sameHead = ofAction.sameHead && ofFrontend.sameHead;
  if (ofBackend.servers !== undefined && !(sameHead && ofBackend.changed.length === 0)) {
    const first = headOfFate(before, ofBackend.servers[0]);
    const second = headOfFate(after, ofBackend.servers[1]);
    if (first.fate.kind !== second.fate.kind || first.fate.to !== second.fate.to) {
      return otherWay(first.fate, second.fate);
    }
    // Servers that differ get other heads by their nature.
    if (first.head !== second.head && ofBackend.servers[0].name === ofBackend.servers[1].name) {
      return otherWay(before, after, differingLines(first.head, second.head), "shaped");
    }
  }
  const ofOthers = (after.byChance ?? []).slice(1).flatMap((backend, i) =>
    settings.ofBackends(before.byChance![i + 1]!, backend).changed
  );
  const ofStages = settings.ofStages(before, after);
  const changed = [
    ...ofAction.changed,
    ...ofStages,
    ...ofFrontend.changed,
    ...ofBackend.changed,
    ...ofOthers,
  ];
  return changed.length === 0 ? undefined : otherWay(before, after, changed, "settings");
}

/** Both answer the same themselves, behind stages that may be others. */
function differenceOfStages(before: Fate, after: Fate, settings: SettingsComparer): Difference | undefined {
  const changed = settings.ofStages(before, after);
  return changed.length === 0 ? undefined : otherWay(before, after, changed, "settings");
}

function otherWay(
  before: Fate,
  after: Fate,
  differs?: readonly string[],
  what: DifferenceKind = kindOf(before, after),
): Difference {
  return { what, before: describeFate(before), after: describeFate(after), ...(differs && { differs }) };
}

function kindOf(before: Fate, after: Fate): DifferenceKind {
  if (after.kind === "sent") return before.kind === "refused" ? "served" : "elsewhere";
  return after.kind;
}

/** Who takes a request where the way says it all. */
const UNSAID: ReadonlySet<string> = new Set(["nobody", "parent", "straight"]);

/** What becomes of a request, and by whom. */
export function describeFate({ to, outcome: { by } }: Fate): string {
  return UNSAID.has(by) || by === to ? to : `${to} by ${by}`;
}

/** Where a redirect leads; undefined for what is none. */
function locationOf({ outcome: { answer } }: Fate): string | undefined {
  return answer?.headers.get("location") ?? undefined;
}

function sameAnswer({ outcome: before }: Fate, { outcome: after }: Fate): boolean {
  return isDeepStrictEqual(before.taken?.action.respond, after.taken?.action.respond);
}

/** Lines that are named of one difference. */
const MAX_NAMED = 8;

/** Which parts of two heads are not the same: `method`, `target`, and names of headers. */
function differingLines(before: string, after: string): string[] {
  const [first = "", ...old] = before.split("\r\n");
  const [second = "", ...next] = after.split("\r\n");
  const names = new Set<string>();
  if (first !== second) {
    const [method, target] = first.split(" ");
    const [otherMethod, otherTarget] = second.split(" ");
    if (method !== otherMethod) names.add("method");
    if (target !== otherTarget) names.add("target");
  }
  for (const line of old) if (!next.includes(line)) names.add(nameOf(line));
  for (const line of next) if (!old.includes(line)) names.add(nameOf(line));
  if (names.size === 0) return ["order of headers"];
  const differing = [...names];
  return [...differing.slice(0, MAX_NAMED), ...(differing.length > MAX_NAMED ? ["…"] : [])];
}

function nameOf(line: string): string {
  return `header ${line.slice(0, line.indexOf(":")).toLowerCase()}`;
}
