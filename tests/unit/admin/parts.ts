import { LevelWish } from "../../../src/admin/log-level.ts";
import type { AdminParts } from "../../../src/admin/routes.ts";

/** Parts of an admin app that know nothing. */
export const PARTS: AdminParts = {
  metrics: () => "",
  ready: () => true,
  status: () => Promise.resolve("{}"),
  history: () => "{}",
  events: () => undefined,
  explained: () => {
    throw new Error("nothing is explained here");
  },
  backends: () => new Map(),
  cache: () => undefined,
  cacheStatus: () => undefined,
  version: "1.2.3",
  health: () => ({ status: "ok", healthy_backends: [], degraded: [] }),
  errors: () => [],
  reloader: () => undefined,
  levelWish: new LevelWish(undefined),
};
