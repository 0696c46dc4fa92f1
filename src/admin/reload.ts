import { z } from "zod";
import type { ComparisonReport } from "../compare/comparison.ts";
import { AdminRefusal, type AdminRoute, writeRoute } from "./route.ts";

/** What a new config changes, by names. */
export interface ReloadChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** A config that an operator has sent, and what its file is called. */
export interface GivenConfig {
  readonly file: string;
  readonly text: string;
}

/** Who reads the config of this proxy; a proxy inside another program has nobody. Both reject with what is wrong. */
export interface ConfigReloader {
  /**
   * Reads the config, or the one that is given, and says what it would change, also for the last requests where they are
   * remembered.
   */
  plan(given?: GivenConfig): Promise<ReloadChanges & { readonly requests: ComparisonReport | undefined }>;
  /** Reads it and takes it over. */
  reload(): Promise<ReloadChanges>;
}

/** Of a body with a config in it, which as JSON takes more room than its file. */
const MAX_GIVEN_BYTES = 8 * 1024 * 1024;

const names = z.array(z.string());
const count = z.number();
const comparisonSchema = z.object({
  requests: count,
  same: count,
  different: count,
  changes: z.array(z.object({
    what: z.string(),
    before: z.string(),
    after: z.string(),
    differs: names.optional(),
    count,
    examples: names,
  })),
  ungrouped: count,
  not_compared: z.array(z.object({ why: z.string(), count })),
  goes_to: z.array(z.object({ to: z.string(), count })),
  notes: names,
});
const changesSchema = z.object({
  dry_run: z.boolean(),
  added: names,
  changed: names,
  removed: names,
  kept: names,
  requests: comparisonSchema.nullable().optional().describe(
    "Of a dry run: what the config would do otherwise with the last requests; null where none are remembered.",
  ),
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
      body: z.strictObject({
        config: z.strictObject({
          file: z.string().min(1).max(4096).describe(
            "What messages call it; its extension tells the format.",
          ),
          text: z.string(),
        }).optional().describe("Of a dry run: a config that is tried in place of the file."),
      }),
      bodySize: MAX_GIVEN_BYTES,
      answers: changesSchema,
      statuses: {
        422: "The config is refused: problems holds a line for each problem, as check prints them.",
        501: "The proxy is part of another program, or has no config file.",
      },
      async write({ query, body: { config } }) {
        const dryRun = query.dry_run === "1" || query.dry_run === "true";
        const reading = reloader();
        if (reading === undefined) {
          throw new AdminRefusal(
            501,
            "Nobody reads a config file for this proxy: it was started without one",
          );
        }
        if (!dryRun) {
          if (config !== undefined) {
            throw new AdminRefusal(400, "A config that is sent is not taken over: the proxy has its file", {
              accepted: ["config with dry_run=1"],
            });
          }
          return {
            value: { dry_run: false, ...listed(await attempt(reading.reload())) },
            log: { what: "reload" },
          };
        }
        const plan = await attempt(reading.plan(config));
        return {
          value: { dry_run: true, ...listed(plan), requests: plan.requests ?? null },
          log: { what: "reload_dry_run" },
        };
      },
    }),
  ];
}

function listed({ added, changed, removed, kept }: ReloadChanges): ReloadChanges {
  return { added, changed, removed, kept };
}

async function attempt<T>(changes: Promise<T>): Promise<T> {
  try {
    return await changes;
  } catch (error) {
    const problems = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new AdminRefusal(422, "The config is refused", { problems });
  }
}
