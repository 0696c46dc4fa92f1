import type { ExplainedProxy } from "../explain/explain.ts";
import type { Steps } from "../net/steps.ts";
import type { RememberedRequest } from "../observe/remembered-requests.ts";
import { Comparison, type ComparisonReport } from "./comparison.ts";
import type { LoggedRequest } from "./logged-request.ts";

/** What `after` would do otherwise than `before` with the requests that a proxy remembers, one in each step. */
export function* compareRemembered(
  requests: Iterable<RememberedRequest>,
  sides: { readonly before: ExplainedProxy; readonly after: ExplainedProxy },
): Steps<ComparisonReport> {
  const comparison = new Comparison(sides);
  for (const request of requests) {
    comparison.add(toLogged(request));
    yield;
  }
  return comparison.report();
}

function toLogged({ host, peer, client, ...request }: RememberedRequest): LoggedRequest {
  return {
    ...request,
    host: host === "" ? undefined : host,
    peer: peer === "" ? "unix" : peer,
    client: client === peer ? undefined : client,
    recorded: { status: 0 }, // both configs are asked
  };
}
