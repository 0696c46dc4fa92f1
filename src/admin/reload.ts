import { z } from "zod";
import { AdminRefusal, type AdminRoute, writeRoute } from "./route.ts";

/** What a new config changes, by names. */
export interface ReloadChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** Who reads the config of this proxy; a proxy inside another program has nobody. Both reject with what is wrong. */
export interface ConfigReloader {
  /** Reads the config, and says what it would change. */
  plan(): Promise<ReloadChanges>;
  /** Reads it and takes it over. */
  reload(): Promise<ReloadChanges>;
}

const names = z.array(z.string());
const changesSchema = z.object({
  dry_run: z.boolean(),
  added: names,
  changed: names,
  removed: names,
  kept: names,
});

/** A reload of the config, and what it would do. */
export function reloadRoutes(reloader: () => ConfigReloader | undefined): readonly AdminRoute[] {
  return [
    writeRoute({
      method: "POST",
      path: "/api/reload",
      summary: "Reads the config again and takes it over; with dry_run=1 says only what that would change.",
      query: z.object({
        dry_run: z.enum(["0", "1", "true", "false"], { error: '"1" or "0"' }).optional(),
      }),
      answers: changesSchema,
      statuses: {
        422: "The config is refused: problems holds a line for each problem, as check prints them.",
        501: "The proxy is part of another program, or has no config file.",
      },
      async write({ query }) {
        const dryRun = query.dry_run === "1" || query.dry_run === "true";
        const reading = reloader();
        if (reading === undefined) {
          throw new AdminRefusal(
            501,
            "Nobody reads a config file for this proxy: it was started without one",
          );
        }
        const { added, changed, removed, kept } = await attempt(dryRun ? reading.plan() : reading.reload());
        return {
          value: { dry_run: dryRun, added, changed, removed, kept },
          log: { what: dryRun ? "reload_dry_run" : "reload" },
        };
      },
    }),
  ];
}

async function attempt(changes: Promise<ReloadChanges>): Promise<ReloadChanges> {
  try {
    return await changes;
  } catch (error) {
    const problems = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new AdminRefusal(422, "The config is refused", { problems });
  }
}
