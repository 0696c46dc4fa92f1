import type { Log } from "../base/log.ts";
import { pathOf } from "../http/path.ts";
import { IncomingRequest } from "../message/incoming-request.ts";
import type { Peer } from "../message/exchange.ts";
import { refusalAnswer, valueAnswer } from "./answers.ts";
import type { Guard } from "./guard.ts";
import { readBody, readQuery } from "./input.ts";
import { AdminRefusal, type AdminRequest, type AdminRoute } from "./route.ts";
import { AdminPaths, type FoundRoute } from "./admin-paths.ts";

/** Answers operators and what watches for them. */
export interface AdminApp {
  /** `env` is the engine's own request, where it serves this one. */
  fetch(request: Request, env?: unknown): Promise<Response>;
}

/**
 * The app of `routes`, behind `guard`. What reads changes nothing; each write is a line of `log`: who has changed what. A
 * refused one is a line as well.
 */
export function createAdminApp(
  routes: readonly AdminRoute[],
  { guard, log }: { guard: Guard; log: Log },
): AdminApp {
  const table = new AdminPaths(routes);
  const audit: NonNullable<Log["audit"]> = (event, fields) =>
    log.audit === undefined ? log.info(event, fields) : log.audit(event, fields);

  async function serve(request: Request, { authority, target, peer }: Source): Promise<Response> {
    const { headers } = request;
    const method = request.method;
    const path = pathOf(target);
    const who = peer === undefined ? "unknown" : peer.address || "unix";
    try {
      const found = findOpen(table, method, path);
      if (found?.route.open !== true) guard.check({ authority, headers, peer });
      const { route, params } = found ?? table.find(method, path);
      const query = readQuery(new URLSearchParams(target.slice(path.length)), route.query);
      const asked = { method, params, query, headers, who };
      if (route.method === "GET") return bodyless(method, await route.read({ ...asked, body: undefined }));
      const body = await readBody(request, route.body, route.bodySize);
      const { value, status, log: change } = await route.write({ ...asked, body } as AdminRequest);
      if (change !== undefined) audit("admin", { who, ...change });
      return valueAnswer(value, status);
    } catch (error) {
      if (!(error instanceof AdminRefusal)) throw error;
      const { status, message } = error;
      // Who is kept out, and what was not done: a slip in a question is nobody's business.
      if (status === 401 || status === 403 || !/^(?:GET|HEAD)$/.test(method)) {
        log.warn("admin_refused", { who, method, path, status, cause: message });
      }
      return refusalAnswer(error);
    }
  }

  return { fetch: (request, env) => serve(request, sourceOf(request, env)) };
}

/** Where a request came from, and what for. */
interface Source {
  readonly authority: string;
  readonly target: string;
  readonly peer: Peer | undefined;
}

function sourceOf(request: Request, env: unknown): Source {
  if (env instanceof IncomingRequest) {
    return { authority: env.head.authority, target: env.target, peer: env.exchange.peer };
  }
  const { host, pathname, search } = new URL(request.url);
  return { authority: host, target: pathname + search, peer: undefined };
}

/** Whoever may not ask learns nothing of what there is, but for the routes that are open. */
function findOpen(table: AdminPaths, method: string, path: string): FoundRoute | undefined {
  try {
    return table.find(method, path);
  } catch {
    return undefined; // it is found again behind the guard
  }
}

/** The answer to HEAD has the fields of that to GET, and no body. */
function bodyless(method: string, answer: Response): Response {
  if (method !== "HEAD") return answer;
  void answer.body?.cancel();
  return new Response(null, answer);
}
