import { z } from "zod";
import type { LeveledLog } from "../base/log.ts";
import { LOG_LEVELS, type LogLevel } from "../base/log-event.ts";
import { formatDuration } from "../base/units.ts";
import { valueAnswer } from "./answers.ts";
import { AdminRefusal, type AdminRoute, type Change, readRoute, writeRoute } from "./route.ts";
import { ttl } from "./values.ts";

const LEVELS = { error: LOG_LEVELS.map((level) => JSON.stringify(level)).join(", ") };
const levelSchema = z.object({
  level: z.enum(LOG_LEVELS as [LogLevel]),
  configured: z.enum(LOG_LEVELS as [LogLevel]),
  until: z.iso.datetime().optional(),
});

/** The level that an operator wants for a while: it has the timer that ends it. */
export class LevelWish {
  readonly #log: LeveledLog | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #endsAt: number | undefined;

  /** Without a log whose level can be changed nothing can be wished. */
  constructor(log: LeveledLog | undefined) {
    this.#log = log;
  }

  /** Undefined where the log is somebody else's. */
  get state(): z.output<typeof levelSchema> | undefined {
    const log = this.#log;
    if (log === undefined) return undefined;
    const until = this.#endsAt === undefined ? {} : { until: new Date(this.#endsAt).toISOString() };
    return { level: log.level, configured: log.styledLevel, ...until };
  }

  /** Opens the log's file again, see `LeveledLog`. */
  get reopen(): LeveledLog["reopen"] {
    return this.#log?.reopen;
  }

  /** Writes `level` and above, for `ttlMs` or for good; undefined is what the config and the command line say. */
  set(level: LogLevel | undefined, ttlMs?: number): void {
    this.stop();
    this.#log?.override(level);
    if (level === undefined || ttlMs === undefined) return;
    this.#endsAt = Date.now() + ttlMs;
    this.#timer = setTimeout(() => this.set(undefined), ttlMs);
    this.#timer.unref();
  }

  /** Frees the timer; the level stays. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#endsAt = undefined;
  }
}

/** The level of the log. */
export function logRoutes(wish: LevelWish): readonly AdminRoute[] {
  function stateOf() {
    if (wish.state !== undefined) return wish.state;
    throw new AdminRefusal(501, "The log is another program's: its level cannot be changed here");
  }

  function set(level: LogLevel | undefined, ttlMs?: number) {
    const from = stateOf().level;
    wish.set(level, ttlMs);
    const { level: to } = stateOf();
    const ttl = ttlMs === undefined ? undefined : formatDuration(ttlMs);
    return { value: stateOf(), log: { what: "log_level", from, to, ttl } };
  }

  const described = {
    path: "/api/log",
    answers: levelSchema,
    statuses: { 501: "The log is another program's." },
  } as const;
  return [
    readRoute({
      ...described,
      summary: "The level of the log, and until when.",
      read: () => valueAnswer(stateOf()),
    }),
    writeRoute({
      ...described,
      method: "PUT",
      summary: "Changes the level of the log, through reloads.",
      body: z.strictObject({ level: z.enum(LOG_LEVELS as [LogLevel], LEVELS), ttl: ttl.optional() }, {
        error: "level and ttl",
      }),
      write: ({ body }) => set(body.level, body.ttl),
    }),
    writeRoute({
      ...described,
      method: "DELETE",
      summary: "Takes that back: the config's level counts, or that of the command line.",
      write: () => set(undefined),
    }),
    writeRoute({
      method: "POST",
      path: "/api/log/reopen",
      summary: "Opens the file of the log again, as SIGUSR2 does: it was moved away.",
      answers: z.object({ file: z.string() }),
      statuses: {
        409: "The log goes to standard output.",
        501: "The log is another program's.",
        503: "The file cannot be opened: the log goes on in the one that is open.",
      },
      write: () => reopen(wish),
    }),
  ];
}

/** Time that a disk gets to take the lines that wait before the file is opened again. */
const MOST_REOPEN_MS = 5000;

async function reopen(wish: LevelWish): Promise<Change> {
  if (wish.reopen === undefined) {
    throw new AdminRefusal(501, "The log is another program's: it has no file here");
  }
  const reopening = wish.reopen();
  reopening.catch(() => {}); // it may fail when nobody waits any more
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const slow = () =>
      reject(new Error("Lines still wait for the disk: the file is opened again behind them"));
    timer = setTimeout(slow, MOST_REOPEN_MS);
  });
  try {
    const file = await Promise.race([reopening, late]);
    if (file !== undefined) return { value: { file }, log: { what: "log_reopen", file } };
  } catch (error) {
    throw new AdminRefusal(503, error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
  throw new AdminRefusal(409, "The log goes to standard output: it has no file", {
    accepted: ["[log] file in the config"],
  });
}
