import process from "node:process";
import { readConfigText } from "../config/read.ts";
import { suggest } from "../base/suggest.ts";
import { print } from "../net/stdout.ts";
import { type AdminOptions, adminPlace, askAdmin } from "./admin-client.ts";
import { describeAnswer } from "./ctl-text.ts";

export interface CtlOptions extends AdminOptions {
  readonly ttl?: string;
  readonly limit?: string;
  readonly dryRun?: true;
  /** Prints the answer as it came. */
  readonly json?: true;
}

/** What an action asks the admin API for. */
interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** One action: the words behind it, and what they ask for. */
interface Action {
  readonly words: string;
  /** How many words there are to be. */
  readonly counts: readonly number[];
  ask(words: readonly string[], options: CtlOptions): Asked;
}

const NOT_DONE = 1;
/** There is no answer, or what was asked for makes no sense. */
const NOT_ASKED = 2;

const OF_SERVER = { words: "BACKEND SERVER", counts: [2] };

function say(state: string): Action {
  return {
    ...OF_SERVER,
    ask: (words, { ttl }) => ({ method: "PUT", path: serverPath(words), body: { state, ttl } }),
  };
}

const ACTIONS: Readonly<Record<string, Action>> = {
  status: {
    words: "[BACKEND]",
    counts: [0, 1],
    ask: ([backend]) => ({
      method: "GET",
      path: backend === undefined ? "/api/backends" : `/api/backends/${encodeURIComponent(backend)}`,
    }),
  },
  drain: say("drain"),
  maint: say("maint"),
  ready: say("ready"),
  weight: {
    words: "BACKEND SERVER WEIGHT",
    counts: [3],
    ask: (words, { ttl }) => ({
      method: "PUT",
      path: serverPath(words),
      body: { weight: toNumber(words[2]!), ttl },
    }),
  },
  reset: { ...OF_SERVER, ask: (words) => ({ method: "DELETE", path: serverPath(words) }) },
  probe: { ...OF_SERVER, ask: (words) => ({ method: "POST", path: `${serverPath(words)}/probe` }) },
  reload: {
    words: "[--dry-run [FILE]]",
    counts: [0, 1],
    ask([file], { dryRun }) {
      const method = "POST";
      if (dryRun !== true) {
        if (file !== undefined) {
          throw new RangeError("A file is tried with --dry-run; a reload reads the proxy's own");
        }
        return { method, path: "/api/reload" };
      }
      const body = file === undefined ? undefined : { config: { file, text: readConfigText(file) } };
      return { method, path: "/api/reload?dry_run=1", body };
    },
  },
  errors: {
    words: "",
    counts: [0],
    ask: (_, { limit = "20" }) => ({ method: "GET", path: `/api/errors?limit=${encodeURIComponent(limit)}` }),
  },
  purge: {
    words: "all | url URL | prefix URL | tag TAG",
    counts: [1, 2],
    ask: ([what, value]) => ({
      method: "POST",
      path: "/api/cache/purge",
      body: { [what!]: value ?? (what === "all" ? true : undefined) },
    }),
  },
  log: {
    words: "[LEVEL | reset | reopen]",
    counts: [0, 1],
    ask([level], { ttl }) {
      if (level === undefined) return { method: "GET", path: "/api/log" };
      if (level === "reopen") return { method: "POST", path: "/api/log/reopen" };
      if (level === "reset") return { method: "DELETE", path: "/api/log" };
      return { method: "PUT", path: "/api/log", body: { level, ttl } };
    },
  },
};

/** What `sluice ctl` can be asked for, for its help. */
export const CTL_USAGE = Object.entries(ACTIONS).map(([name, { words }]) => `${name} ${words}`.trim()).join(
  "\n  ",
);

/** Words that it takes first. */
export const CTL_ACTIONS = Object.keys(ACTIONS);

/**
 * Asks a running proxy for something. Resolves with the exit code: 0 where it was done, 1 where it was refused or a probe
 * failed, 2 where nobody answered or nothing could be asked.
 */
export async function ctl(name: string, words: readonly string[], options: CtlOptions): Promise<number> {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name]! : undefined;
  if (action === undefined) {
    const near = suggest(name, Object.keys(ACTIONS));
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    return await fail(`"${name}" is nothing to ask for${hint}\n\n  ${CTL_USAGE}`);
  }
  if (!action.counts.includes(words.length)) {
    return await fail(`Usage: sluice ctl ${name} ${action.words}`.trim());
  }
  let place, asked;
  try {
    place = adminPlace(options, process.env["SLUICE_ADMIN_TOKEN"]);
    asked = action.ask(words, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return await fail(error.message);
  }
  let answer;
  try {
    answer = await askAdmin(place, asked);
  } catch (error) {
    const cause = error instanceof Error
      ? (error as NodeJS.ErrnoException).code ?? error.message
      : String(error);
    return await fail(
      `No answer from ${place.text} (${cause}): is the proxy there, and does it have [admin]?`,
    );
  }
  const done = answer.status >= 200 && answer.status < 300;
  const text = options.json === true
    ? JSON.stringify(answer.value, undefined, 2)
    : describeAnswer(name, answer, place.token !== undefined);
  await print(`${text}\n`, done || options.json === true ? "stdout" : "stderr");
  const passed = (answer.value as { passed?: boolean } | null)?.passed !== false;
  return done && passed ? 0 : NOT_DONE;
}

async function fail(message: string): Promise<number> {
  await print(`${message}\n`, "stderr");
  return NOT_ASKED;
}

function serverPath([backend, server]: readonly string[]): string {
  return `/api/backends/${encodeURIComponent(backend!)}/servers/${encodeURIComponent(server!)}`;
}

/** The API says what is wrong with what is none. */
function toNumber(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}
