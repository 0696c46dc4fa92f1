import type { ComparisonReport } from "../compare/comparison.ts";
import { reportText } from "../compare/report-text.ts";
import type { AdminAnswer } from "./admin-client.ts";

interface ServerShown {
  readonly url: string;
  readonly condition: string;
  readonly why: string | null;
  readonly weight: number;
  readonly in_flight: number;
  readonly operator_until: string | null;
  readonly last_probe: ProbeShown | null;
}

interface ProbeShown {
  readonly code: string;
  readonly detail: string | null;
  readonly ms: number;
}

interface BackendShown {
  readonly name: string;
  readonly available: number;
  readonly servers: readonly ServerShown[];
}

interface ErrorShown {
  readonly at: string;
  readonly status: number;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly server: string | null;
  readonly reason: string;
  readonly detail: string | null;
  readonly request_id: string;
}

type LogShown =
  | { readonly level: string; readonly configured: string; readonly until?: string }
  | { readonly file: string };

interface Changes {
  readonly dry_run: boolean;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly kept: readonly string[];
  /** Of the last requests; null where none are remembered. */
  readonly requests?: ComparisonReport | null;
}

/** An answer to the action called `name`, for people; `showedToken` where a token was sent along. */
export function describeAnswer(name: string, { status, value }: AdminAnswer, showedToken: boolean): string {
  if (status < 200 || status > 299) return describeRefusal(status, value, showedToken);
  switch (name) {
    case "status":
      return (Array.isArray(value) ? value : [value]).map(describeBackend).join("\n");
    case "errors": {
      const errors = value as readonly ErrorShown[];
      return errors.length === 0 ? "no errors" : errors.map(describeError).join("\n");
    }
    case "reload":
      return describeChanges(value as Changes);
    case "purge": {
      const { dropped } = value as { dropped: number };
      return `${dropped} kept ${dropped === 1 ? "answer was" : "answers were"} dropped`;
    }
    case "log":
      return describeLog(value as LogShown);
    case "probe": {
      const { probe, server } = value as { probe: ProbeShown; server: ServerShown };
      return `${describeProbe(probe)}\n${describeServer(server)}`;
    }
    default:
      return describeServer(value as ServerShown);
  }
}

function describeRefusal(status: number, value: unknown, showedToken: boolean): string {
  const { error = String(value), accepted = [], problems = [] } = (value ?? {}) as {
    error?: string;
    accepted?: readonly string[];
    problems?: readonly string[];
  };
  if (status === 401) {
    return showedToken
      ? "The token is another than that of the proxy"
      : "The proxy wants a token: --token, SLUICE_ADMIN_TOKEN, or -c with its config";
  }
  if (problems.length > 0) return [`${error}:`, ...problems].join("\n");
  return [error, ...(accepted.length === 0 ? [] : [`accepted: ${accepted.join(", ")}`])].join("\n");
}

function describeBackend({ name, available, servers }: BackendShown): string {
  return [
    `${name}: ${available} of ${servers.length} servers available`,
    ...servers.map((server) => `  ${describeServer(server)}`),
  ].join("\n");
}

function describeServer(server: ServerShown): string {
  const { url, condition, why, weight, in_flight: inFlight, operator_until: until, last_probe: probe } =
    server;
  const parts = [
    `${url} ${condition}, weight ${weight}, ${inFlight} in flight`,
    ...(why === null ? [] : [why]),
    ...(until === null ? [] : [`until ${until}`]),
    ...(probe === null ? [] : [`last probe ${describeProbe(probe)}`]),
  ];
  return parts.join("; ");
}

function describeProbe({ code, detail, ms }: ProbeShown): string {
  return `${code} in ${ms.toFixed(1)} ms${detail === null ? "" : ` (${detail})`}`;
}

function describeError(
  { at, status, method, host, path, server, reason, detail, request_id: id }: ErrorShown,
): string {
  const where = server === null ? "" : ` ${server}`;
  const why = detail === null ? "" : ` "${detail}"`;
  return `${at} ${status} ${method} ${host}${path}${where} ${reason}${why} ${id}`;
}

function describeChanges({ dry_run: dryRun, added, changed, removed, kept, requests }: Changes): string {
  const list = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`${what}: ${names.join(", ")}`];
  const lines = [...list("added", added), ...list("changed", changed), ...list("removed", removed)];
  const head = dryRun ? "The config is valid; nothing was changed." : "The config was taken over.";
  return [
    head,
    ...(lines.length === 0 ? ["no changes"] : lines),
    `kept: ${kept.length}`,
    ...describeRequests(requests),
  ].join("\n");
}

function describeRequests(requests: Changes["requests"]): string[] {
  if (requests === undefined) return [];
  return [
    "",
    requests === null
      ? "No requests are remembered to try it on."
      : `Of the last ${reportText(requests).trimEnd()}`,
  ];
}

function describeLog(shown: LogShown): string {
  if ("file" in shown) return `${shown.file} was opened again`;
  const { level, configured, until } = shown;
  if (level === configured && until === undefined) return level;
  return `${level}${until === undefined ? "" : ` until ${until}`}; configured: ${configured}`;
}
