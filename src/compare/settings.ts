import { isDeepStrictEqual } from "node:util";
import { snakeCase } from "../base/snake-case.ts";
import { toCamelCase } from "../config/sections/section.ts";
import { STAGE_KEYS } from "../config/sections/stages.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import type { FrontendConfig } from "../config/sections/frontend.ts";
import type { Taken } from "../proxy/decision.ts";
import type { ComparedFrontend, Fate } from "./fate.ts";

/** What of a rule or a route shows in no head that a server gets. */
const BESIDE_THE_HEAD = [
  "body",
  "responseHeaders",
  "rewriteLocation",
  "rewriteCookies",
  "responseTimeout",
  "idleTimeout",
  "onStatus",
  "heartbeat",
  "mirror",
] as const;

/** What requests pass before they are answered: asked of the action, and where it says nothing of its frontend. */
const STAGES = STAGE_KEYS.map(toCamelCase);

/** What of a frontend is in force for every request that it sends on. */
const OF_FRONTENDS = [
  "via",
  "timeouts",
  "halfClose",
  "maxConnections",
] as const;

/** What of a frontend says how requests are written. */
const OF_HEADS = [
  ...OF_FRONTENDS,
  "trustedProxies",
  "clientHeader",
  "forwardedHeader",
  "headerAliases",
] as const;

/** What two configs say of requests that go the same way. */
export interface SettingsPair {
  /** Whether both write the same head for a request. */
  readonly sameHead: boolean;
  /** What else is set otherwise, as keys of the config. */
  readonly changed: readonly string[];
}

/** Compares the settings of two configs, each pair once. */
export class SettingsComparer {
  readonly #actions = new Map<Taken | undefined, Map<Taken | undefined, SettingsPair>>();
  readonly #frontends = new Map<ComparedFrontend, Map<ComparedFrontend, SettingsPair>>();
  readonly #stages = new Map<Taken | undefined, Map<Taken | undefined, readonly string[]>>();
  readonly #backends = new Map<string, BackendPair>();

  ofActions(before: Taken | undefined, after: Taken | undefined): SettingsPair {
    return once(this.#actions, before, after, () => {
      const [old, next] = [before?.action, after?.action];
      const changed = BESIDE_THE_HEAD.filter((key) => !isDeepStrictEqual(old?.[key], next?.[key]));
      return { sameHead: isDeepStrictEqual(edits(old), edits(next)), changed: changed.map(snakeCase) };
    });
  }

  /** What is set otherwise of the stages that a request passes: by who takes it, or by its frontend for all. */
  ofStages(before: Fate, after: Fate): readonly string[] {
    // A frontend's own pages pass none, nor does what a relay sends on.
    if (before.outcome.taken === undefined || after.outcome.taken === undefined) return [];
    return once(this.#stages, before.outcome.taken, after.outcome.taken, () => {
      const [old, next] = [before, after].map(({ outcome, frontend }) => ({
        own: outcome.taken?.action,
        frontend: frontend?.config,
      })) as [StageOwners, StageOwners];
      return STAGES.filter((key) => !isDeepStrictEqual(inForce(old, key), inForce(next, key))).map((key) =>
        old.own?.[key] === undefined && next.own?.[key] === undefined
          ? `frontend ${next.frontend!.name}: ${snakeCase(key)}`
          : snakeCase(key)
      );
    });
  }

  ofFrontends(before: ComparedFrontend, after: ComparedFrontend): SettingsPair {
    return once(this.#frontends, before, after, () => ({
      sameHead: OF_HEADS.every((key) => isSame(before.config, after.config, key)),
      changed: OF_FRONTENDS.filter((key) => !isSame(before.config, after.config, key))
        .map((key) => `frontend ${after.config.name}: ${snakeCase(key)}`),
    }));
  }

  /** Two backends of one name. */
  ofBackends(before: Backend, after: Backend): BackendPair {
    let pair = this.#backends.get(after.name);
    if (pair === undefined) this.#backends.set(after.name, pair = compareBackends(before, after));
    return pair;
  }
}

/** Who may ask for a stage. */
interface StageOwners {
  readonly own: Taken["action"] | undefined;
  readonly frontend: FrontendConfig | undefined;
}

/** What a request goes by; undefined where the stage is off. */
function inForce({ own, frontend }: StageOwners, key: (typeof STAGES)[number]): unknown {
  const setting = own?.[key] ?? frontend?.[key];
  return setting === false ? undefined : setting;
}

/** What is the same and what is not of a backend that both configs have. */
interface BackendPair {
  readonly changed: readonly string[];
  /** A server that both have, in both forms; else the first of each, where there is one. */
  readonly servers: readonly [Server, Server] | undefined;
}

function compareBackends(before: Backend, after: Backend): BackendPair {
  const [old, next] = [before.config, after.config];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])] as (keyof typeof old)[];
  const changed = keys.filter((key) => !isDeepStrictEqual(old[key], next[key])).map((key) =>
    `backend ${after.name}: ${snakeCase(key)}`
  );
  const ofAfter = new Map(after.servers.map((server) => [server.name, server]));
  for (const server of before.servers) {
    const same = ofAfter.get(server.name);
    if (same !== undefined) return { changed, servers: [server, same] };
  }
  const [first] = before.servers;
  const [second] = after.servers;
  return { changed, servers: first && second && [first, second] };
}

/** What of an action shows in the head that a server gets. */
function edits(action: Taken["action"] | undefined): unknown {
  if (action === undefined) return undefined;
  const { backend: _, split: _split, splitOn: _on, redirect: _to, respond: _answer, ...rest } = action;
  const kept: Record<string, unknown> = { ...rest };
  for (const key of [...BESIDE_THE_HEAD, ...STAGES]) delete kept[key];
  for (const key of ["host", "pathPrefix", "prefixMatch", "if"]) delete kept[key];
  return kept;
}

function isSame(before: FrontendConfig, after: FrontendConfig, key: keyof FrontendConfig): boolean {
  return isDeepStrictEqual(before[key], after[key]);
}

function once<K, V>(pairs: Map<K, Map<K, V>>, before: K, after: K, make: () => V): V {
  let ofBefore = pairs.get(before);
  if (ofBefore === undefined) pairs.set(before, ofBefore = new Map());
  let found = ofBefore.get(after);
  if (found === undefined) ofBefore.set(after, found = make());
  return found;
}
