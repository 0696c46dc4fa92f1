import { suggest } from "../base/suggest.ts";
import { Comparison, type ComparisonReport } from "../compare/comparison.ts";
import { formatOf, LOG_FORMATS } from "../compare/log-format.ts";
import type { ReadLine } from "../compare/logged-request.ts";
import { reportText } from "../compare/report-text.ts";
import { loadConfigFile } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { ExplainedProxy } from "../explain/explain.ts";
import { openOffline } from "../lifecycle/offline.ts";
import { print } from "../net/stdout.ts";
import { readLines } from "./log-lines.ts";

export interface ReplayCommand {
  /** The new config. */
  readonly against: string;
  /** The old one; without it what was logged counts. */
  readonly with?: string;
  readonly format?: string;
  readonly frontend?: string;
  /** For logs that do not say it. */
  readonly host?: string;
  readonly json?: true;
}

/** Something would be treated otherwise. */
const DIFFERENT = 3;

/** Lines by which the format of a log is told. */
const FIRST_LINES = 100;
const MAX_EXAMPLES = 3;
/** Characters of a line that could not be read. */
const MAX_SHOWN = 200;

/** What could be read of a log. Keys are those of the JSON. */
interface LogFacts {
  readonly format: string;
  lines: number;
  /** Lines about something else than requests. */
  other_lines: number;
  readonly unreadable: { count: number; readonly examples: { line: number; text: string }[] };
}

/**
 * Prints which requests of an access log another config would treat otherwise. Resolves with the exit code: 0 for none, 3 for
 * some, 1 where the log cannot be read or it is not clear what is meant. Throws a ConfigError.
 */
export async function replay(log: string, command: ReplayCommand): Promise<number> {
  const { against, with: old, frontend, host, json } = command;
  const configs = [against, ...(old === undefined ? [] : [old])].map((file) => loadConfigFile(file));
  try {
    if (command.format !== undefined) checkFormat(command.format);
    for (const config of configs) if (frontend !== undefined) checkFrontend(config, frontend);
    const { report, facts } = await withAll(configs, async ([after, before]) => {
      const comparison = new Comparison({ after: after!, before, frontend });
      const facts = await readLog(log, comparison, { format: command.format, host });
      return { report: comparison.report(), facts };
    });
    const { lines, other_lines: others, unreadable } = facts;
    await print(
      json === true
        ? JSON.stringify({ log: facts, ...report }, undefined, 2) + "\n"
        : reportText(report) + factsText(facts, report, old === undefined),
    );
    if (lines > 0 && unreadable.count === lines - others && report.requests === 0 && unreadable.count > 0) {
      return 1;
    }
    return report.different > 0 ? DIFFERENT : 0;
  } catch (error) {
    const known = error instanceof RangeError || (error as NodeJS.ErrnoException).code !== undefined;
    if (!known) throw error;
    await print(`${log}: ${(error as Error).message}\n`, "stderr");
    return 1;
  }
}

async function withAll<T>(
  configs: readonly Config[],
  use: (proxies: readonly ExplainedProxy[]) => Promise<T>,
): Promise<T> {
  const opened = configs.map((config) => openOffline(config));
  try {
    return await use(opened.map(({ snapshot }) => snapshot));
  } finally {
    for (const { close } of opened) close();
  }
}

async function readLog(
  path: string,
  comparison: Comparison,
  { format, host }: { format: string | undefined; host: string | undefined },
): Promise<LogFacts> {
  let facts: LogFacts | undefined;
  let read: ReadLine | undefined;
  for await (const lines of readLines(path)) {
    if (facts === undefined) {
      const first = lines.slice(0, FIRST_LINES).filter((line) => line !== undefined && line !== "");
      const name = format ?? formatOf(first as string[]);
      if (name === undefined) {
        throw new RangeError(
          `no format is known that its first lines are of; accepted: ${Object.keys(LOG_FORMATS).join(", ")}`,
        );
      }
      read = LOG_FORMATS[name];
      facts = { format: name, lines: 0, other_lines: 0, unreadable: { count: 0, examples: [] } };
    }
    for (const line of lines) take(line, facts, read!, comparison, host);
  }
  return facts ??
    { format: format ?? "none", lines: 0, other_lines: 0, unreadable: { count: 0, examples: [] } };
}

function take(
  line: string | undefined,
  facts: LogFacts,
  read: ReadLine,
  comparison: Comparison,
  host: string | undefined,
): void {
  facts.lines++;
  const text = line?.endsWith("\r") ? line.slice(0, -1) : line;
  if (text === "") {
    facts.other_lines++;
    return;
  }
  const content = text === undefined ? "unreadable" : read(text);
  switch (content) {
    case "other":
      facts.other_lines++;
      return;
    case "unreadable":
      noteUnreadable(facts, text);
      return;
    case "no_request":
      return comparison.leaveOut("no request that could be read");
    case "cut":
      return comparison.leaveOut("the log does not have the whole target");
    default:
      comparison.add(content.host === undefined && host !== undefined ? { ...content, host } : content);
  }
}

function noteUnreadable({ lines, unreadable }: LogFacts, text = "(too long)"): void {
  unreadable.count++;
  if (unreadable.examples.length < MAX_EXAMPLES) {
    unreadable.examples.push({ line: lines, text: text.slice(0, MAX_SHOWN) });
  }
}

/** What is to be known of the log itself. */
function factsText(
  { format, lines, unreadable }: LogFacts,
  { requests }: ComparisonReport,
  alone: boolean,
): string {
  const out = [`lines read as ${format}: ${lines}, requests among them: ${requests}`];
  if (unreadable.count > 0) {
    out.push(`lines that could not be read: ${unreadable.count}`);
    out.push(...unreadable.examples.map(({ line, text }) => `  line ${line}: ${JSON.stringify(text)}`));
  }
  if (alone && format !== "sluice" && format !== "none") {
    out.push(
      `note: a log of ${format} says ${format === "haproxy" ? "backend and status" : "the status"} alone; ` +
        "with --with both configs are asked about every request",
    );
  }
  return `\n${out.join("\n")}\n`;
}

function checkFormat(format: string): void {
  if (Object.hasOwn(LOG_FORMATS, format)) return;
  const names = Object.keys(LOG_FORMATS);
  const near = suggest(format, names);
  throw new RangeError(
    `there is no format "${format}"; accepted: ${names.join(", ")}${
      near === undefined ? "" : `; did you mean ${near}?`
    }`,
  );
}

function checkFrontend({ frontends }: Config, name: string): void {
  if (frontends.some((frontend) => frontend.name === name)) return;
  throw new RangeError(
    `there is no frontend "${name}"; accepted: ${frontends.map((frontend) => frontend.name).join(", ")}`,
  );
}
