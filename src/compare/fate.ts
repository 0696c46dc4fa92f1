import { toProxyError } from "../base/errors.ts";
import { compileHashKey } from "../limits/hash-key.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { chooseFrontend } from "../explain/choose-frontend.ts";
import { headOf } from "../explain/described-request.ts";
import type { ExplainedProxy } from "../explain/explain.ts";
import { type Outcome, outcomeOf } from "../explain/outcome.ts";
import { wholeHeadFor } from "../explain/sent.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Course } from "../proxy/course.ts";
import type { Taken } from "../proxy/decision.ts";
import type { LoggedHeader, LoggedRequest } from "./logged-request.ts";

export type ComparedFrontend = ExplainedProxy["frontends"][number];

/** What one config does with a request. */
export interface Fate {
  /** Undefined where the config has no frontend for it. */
  readonly frontend: ComparedFrontend | undefined;
  readonly outcome: Outcome;
  /** How it ends, in kind. */
  readonly kind: "refused" | "redirected" | "answered" | "sent";
  /** Where to, in words: `backend app`, `redirect 308`, `answer 200`, `refused: no_route`. */
  readonly to: string;
  /** Where chance decides: the backends among which it does. */
  readonly byChance?: readonly Backend[];
}

const NO_FRONTEND: Fate = {
  frontend: undefined,
  outcome: { by: "nobody" },
  kind: "refused",
  to: "no frontend",
};

/** Says what a config does with requests of a log, by the functions that serve requests. */
export class FateTeller {
  readonly explained: ExplainedProxy;
  readonly #frontend: string | undefined;
  /** By the names that the log has; the empty one for a log that has none. */
  readonly #frontends = new Map<string, ComparedFrontend | undefined>();
  readonly #keys = new Map<Taken, ReturnType<typeof compileHashKey> | undefined>();

  /** `frontend` is the one that gets all requests, whatever the log says. */
  constructor(explained: ExplainedProxy, frontend?: string) {
    this.explained = explained;
    this.#frontend = frontend;
  }

  /**
   * What becomes of `request`. Gives its straight course back to be closed: `close` of its backend.
   * @throws {RangeError} where no frontend was named and it is not clear which one is meant, or what was logged cannot stand
   * in a head.
   */
  tell(request: LoggedRequest): Fate {
    const frontend = this.#frontendOf(request);
    if (frontend === undefined) return NO_FRONTEND;
    const { mode } = frontend.config;
    const host = request.host ?? "";
    const connects = request.method === "CONNECT";
    const head = headOf({
      method: request.method,
      url: mode === "relay" && !connects ? `http://${host}${request.target}` : request.target,
      headers: headersOf(request, frontend),
      minorVersion: request.host === undefined ? 0 : 1,
    }, mode);
    const outcome = outcomeOf(this.explained, frontend, head, { from: request.peer, checksUser: false });
    return this.#fateOf(outcome, frontend);
  }

  #fateOf(outcome: Outcome, frontend: ComparedFrontend): Fate {
    const { failure, course, answer, taken, request, by } = outcome;
    if (failure !== undefined) return { frontend, outcome, kind: "refused", to: `refused: ${failure.kind}` };
    if (course !== undefined) {
      return taken !== undefined && request !== undefined && this.#isByChance(taken, request)
        ? this.#fateOfSplit({ frontend, outcome }, taken, course)
        : { frontend, outcome, kind: "sent", to: `backend ${course.backend.name}` };
    }
    if (answer === undefined) return { frontend, outcome, kind: "answered", to: by };
    return answer.headers.has("location")
      ? { frontend, outcome, kind: "redirected", to: `redirect ${answer.status}` }
      : { frontend, outcome, kind: "answered", to: `answer ${answer.status}` };
  }

  /** The first of its backends stands for all, as the next request may go to another. */
  #fateOfSplit(
    { frontend, outcome }: Pick<Fate, "frontend" | "outcome">,
    { action: { split = {} } }: Taken,
    course: Course,
  ): Fate {
    const shares = Object.entries(split);
    const byChance = shares.filter(([, share]) => share > 0).map(([name]) =>
      this.explained.backends.get(name)!
    );
    const to = `split of ${shares.map(([name, weight]) => `${name} ${weight}`).join(", ")}`;
    const outcomeOfAll = { ...outcome, course: { ...course, backend: byChance[0]! } };
    return { frontend, outcome: outcomeOfAll, kind: "sent", to, byChance };
  }

  /** Whether another request like this one may go to another backend. */
  #isByChance(taken: Taken, request: IncomingRequest): boolean {
    const { split, splitOn } = taken.action;
    if (split === undefined || splitOn === undefined) return false;
    if (splitOn === "random") return true;
    let keyOf = this.#keys.get(taken);
    if (keyOf === undefined) this.#keys.set(taken, keyOf = compileHashKey(splitOn));
    return keyOf(request) === undefined;
  }

  #frontendOf({ frontend: logged = "", method, target }: LoggedRequest): ComparedFrontend | undefined {
    if (this.#frontends.has(logged)) return this.#frontends.get(logged);
    const found = this.#findFrontend(logged, { method, url: target });
    if (this.#frontends.size < MAX_NAMES) this.#frontends.set(logged, found);
    return found;
  }

  /** One that has the name in the log, else the only one that could be meant; none where the one of the log is gone. */
  #findFrontend(logged: string, request: { method: string; url: string }): ComparedFrontend | undefined {
    const { frontends } = this.explained;
    if (this.#frontend !== undefined) return chooseFrontend(frontends, request, this.#frontend).frontend;
    const named = frontends.find(({ config }) => config.name === logged);
    if (named !== undefined) return named;
    try {
      return chooseFrontend(frontends, { method: "GET", url: "/" }).frontend;
    } catch (error) {
      if (logged === "" || !(error instanceof RangeError)) throw error;
      return undefined;
    }
  }
}

/** Frontends that are remembered by their names in a log. */
const MAX_NAMES = 1000;

/** The head that `server` would get, or the same fate as a refusal where the request cannot be made ready for it. */
export function headOfFate(fate: Fate, server: Server): { head: string; fate: Fate } {
  const { outcome } = fate;
  try {
    return { head: wholeHeadFor(server, outcome.request!, outcome.course!), fate };
  } catch (error) {
    const failure = toProxyError(error);
    const refused = { ...outcome, course: undefined, failure };
    return { head: "", fate: { ...fate, kind: "refused", to: `refused: ${failure.kind}`, outcome: refused } };
  }
}

/** Host first, then what the log shows; who stood behind the peer is said where the frontend looks for it. */
function headersOf({ host, client, headers, bodyBytes }: LoggedRequest, frontend: ComparedFrontend) {
  const all: LoggedHeader[] = host === undefined ? [] : [["Host", host]];
  if (client !== undefined) {
    const { clientHeader } = frontend.identity;
    all.push(
      clientHeader === "forwarded"
        ? ["Forwarded", `for="${client.includes(":") ? `[${client}]` : client}"`]
        : ["X-Forwarded-For", client],
    );
  }
  if (bodyBytes > 0) all.push(["Content-Length", String(bodyBytes)]);
  let named = false;
  for (const header of headers) {
    const lower = header[0].toLowerCase();
    if (lower === "x-request-id") named = true;
    if (client !== undefined && (lower === "x-forwarded-for" || lower === "forwarded")) continue;
    all.push(header);
  }
  // Else each head would have another one, made up for it.
  if (!named) all.push(["X-Request-Id", "replayed"]);
  return all;
}
