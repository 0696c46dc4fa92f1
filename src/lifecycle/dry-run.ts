import type { ComparisonReport } from "../compare/comparison.ts";
import { compareRemembered } from "../compare/remembered.ts";
import type { Config } from "../config/schema.ts";
import { inTurns, SHORT_TURN_MS } from "../net/steps.ts";
import type { RememberedRequests } from "../observe/remembered-requests.ts";
import { buildOffline } from "./offline.ts";
import { planReload, type ReloadPlan } from "./reload-plan.ts";
import type { Snapshot } from "./snapshot.ts";

/** What a reload would do, to the config and to the requests that came last. */
export interface DryRun extends ReloadPlan {
  /** Undefined where none are remembered. */
  readonly requests: ComparisonReport | undefined;
}

/** Tries `config` on what runs, while it runs on. Nothing is changed. */
export async function dryRun(
  running: Snapshot,
  config: Config,
  remembered: RememberedRequests | undefined,
): Promise<DryRun> {
  const plan = planReload(running.config, config);
  if (remembered === undefined) return { ...plan, requests: undefined };
  const { snapshot, close } = await inTurns(buildOffline(config), SHORT_TURN_MS);
  try {
    const sides = { before: running, after: snapshot };
    // A copy: while this goes on, other requests take the places of these.
    const requests = await inTurns(compareRemembered([...remembered.list()], sides), SHORT_TURN_MS);
    return { ...plan, requests };
  } finally {
    close();
  }
}
