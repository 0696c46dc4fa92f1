import { shortCount, shortMs, shortRate, shortShare, shortSpan } from "./top-numbers.ts";

/** What `top` reads of `/status`. */
export interface TopState {
  readonly version: string;
  readonly ready: boolean;
  readonly uptime_seconds: number;
  readonly connections: number;
  readonly in_flight: number;
  readonly minute: TopWindow;
  readonly reloads: {
    readonly last: { readonly at: string; readonly result: string; readonly cause: string | null } | null;
  };
  readonly frontends: readonly {
    readonly name: string;
    readonly routes: readonly {
      readonly name: string;
      readonly leads_to: string;
      readonly bytes_out: number;
      readonly minute: TopWindow;
    }[];
  }[];
  readonly backends: readonly {
    readonly name: string;
    readonly balance: string;
    readonly critical: boolean;
    readonly in_flight: number;
    readonly available: number;
    readonly minute: TopWindow;
    readonly servers: readonly TopServer[];
  }[];
}

interface TopWindow {
  readonly requests: number;
  readonly per_second: number;
  readonly error_rate: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
}

interface TopServer {
  readonly url: string;
  readonly condition: string;
  readonly why: string | null;
  readonly since: string | null;
  readonly in_flight: number;
  readonly flow: readonly number[] | null;
  readonly minute: TopWindow;
}

/** How the screen is drawn. */
export interface TopView {
  readonly columns: number;
  /** Infinity for all lines. */
  readonly rows: number;
  readonly colours: boolean;
  /** Now, in ms since 1970. */
  readonly now: number;
  /** What stands in the way, such as a proxy that does not answer; empty where nothing does. */
  readonly notice: string;
}

const STYLES = { bold: "1", faint: "2", water: "36", rust: "31", amber: "33" } as const;
type Style = keyof typeof STYLES;

const LEVELS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/** Columns of a name: fewer where the terminal has no more than the usual 80 or so. */
const NAME_WIDTH = 32;
const NARROW_NAME_WIDTH = 18;

/** The state as lines of a terminal: one sentence, the backends with a lane for each server, the routes. */
export function drawTop(state: TopState, view: TopView): string[] {
  const paint = (text: string, style: Style) =>
    view.colours && text !== "" ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  const { minute, reloads } = state;
  const lines = [
    cut(
      `sluice ${state.version}, up ${shortSpan(state.uptime_seconds * 1000)}`,
      view,
      (text) => paint(text, "faint"),
    ),
    cut(sentence(state), view, (text) => paint(text, isWell(state) ? "bold" : "rust")),
    cut(
      [
        `${shortRate(minute.per_second)} req/s`,
        `${errorsOf(minute)} errors`,
        `p50 ${shortMs(minute.p50_ms)}`,
        `p99 ${shortMs(minute.p99_ms)}`,
        `${shortCount(state.in_flight)} in flight`,
        `${shortCount(state.connections)} clients`,
      ].join("   "),
      view,
    ),
  ];
  if (view.notice !== "") lines.push(cut(view.notice, view, (text) => paint(text, "rust")));
  if (reloads.last?.result === "refused") {
    const [first = ""] = (reloads.last.cause ?? "").split("\n");
    lines.push(cut(`The new config was refused: ${first}`, view, (text) => paint(text, "amber")));
  }
  for (const backend of state.backends) {
    const { name, balance, servers, available } = backend;
    const head =
      `${name}  ${available} of ${servers.length} take requests, ${balance}, ${backend.in_flight} in flight`;
    lines.push("", cut(head, view, (text) => paint(text, available === 0 ? "rust" : "bold")));
    const most = Math.max(1, ...servers.flatMap(({ flow }) => flow ?? []));
    for (const server of servers) lines.push(...laneOf(server, { most, view, paint }));
  }
  const routes = state.frontends.flatMap(({ routes }) => routes);
  if (routes.length > 0) lines.push("", cut("routes", view, (text) => paint(text, "bold")));
  for (const { name, leads_to, minute, bytes_out } of routes) {
    const figures = `${shortRate(minute.per_second).padStart(6)}/s ${errorsOf(minute).padStart(7)} ` +
      `${shortMs(minute.p99_ms).padStart(8)} ${`${shortCount(bytes_out)}B`.padStart(8)}`;
    lines.push(cut(`  ${padded(name, view.columns)} ${leads_to.padEnd(14)} ${figures}`, view));
  }
  return lines.slice(0, view.rows);
}

/** Two lines at most: the gate, the water and the figures, and why the gate is shut. */
function laneOf(
  server: TopServer,
  { most, view, paint }: { most: number; view: TopView; paint(text: string, style: Style): string },
): string[] {
  const { url, condition, why, minute, flow, in_flight, since } = server;
  const isUp = condition === "up";
  const style: Style = isUp ? "water" : condition === "ejected" || condition === "spent" ? "amber" : "rust";
  const water = (flow ?? []).map((perSecond) =>
    LEVELS[Math.ceil(Math.sqrt(perSecond / most) * (LEVELS.length - 1))]!
  ).join("").padEnd(12);
  const figures = `${shortRate(minute.per_second).padStart(6)}/s ${shortCount(in_flight).padStart(4)} open ` +
    `${shortMs(minute.p50_ms).padStart(7)} ${shortMs(minute.p99_ms).padStart(7)} ${
      errorsOf(minute).padStart(7)
    }`;
  const name = `  ${padded(url.replace(/^http:\/\//, ""), view.columns)} `;
  const gate = isUp ? "┃▀┃" : "┃█┃";
  const plain = `${name}${gate}${water} ${figures}`;
  const room = view.columns - name.length - gate.length - water.length;
  const lane = room < 1
    ? cut(plain, view)
    : name + paint(gate, style) + paint(water, "water") + cut(` ${figures}`, { columns: room });
  if (isUp) return [lane];
  const long = since === null ? "" : ` for ${shortSpan(view.now - Date.parse(since))}`;
  return [lane, cut(`    ${condition}${long}: ${why ?? ""}`, view, (text) => paint(text, style))];
}

function sentence({ backends, ready }: TopState): string {
  const empty = backends.filter(({ available, servers }) => available === 0 && servers.length > 0);
  // Before the first round of probes nobody is left either, and that is no news.
  const lost = empty.some(({ critical, servers }) =>
    critical && servers.some(({ condition }) => condition !== "unprobed")
  );
  if (!ready && !lost) return "The proxy takes no new requests: it starts, or drains.";
  if (empty.length > 0) {
    const names = empty.map(({ name }) => name).join(", ");
    return `${names}: no server left, requests fail${ready ? "." : "; the proxy is not ready."}`;
  }
  const servers = backends.flatMap((backend) => backend.servers);
  const out = servers.filter(({ condition }) => condition !== "up").length;
  if (out > 0) return `${out} of ${servers.length} servers ${out === 1 ? "is" : "are"} out.`;
  return servers.length === 1 ? "The server takes requests." : `All ${servers.length} servers take requests.`;
}

function isWell({ backends, ready }: TopState): boolean {
  return ready && backends.every(({ servers }) => servers.every(({ condition }) => condition === "up"));
}

function errorsOf({ requests, error_rate }: TopWindow): string {
  return requests === 0 ? "–" : shortShare(error_rate);
}

function padded(name: string, columns: number): string {
  const width = columns > 100 ? NAME_WIDTH : NARROW_NAME_WIDTH;
  return name.length > width ? `${name.slice(0, width - 1)}…` : name.padEnd(width);
}

/** `text` within the columns, without characters that a terminal would obey, then in its style. */
function cut(text: string, { columns }: { columns: number }, style = (text: string) => text): string {
  // deno-lint-ignore no-control-regex -- a server's words may hold them
  return style(text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?").slice(0, columns));
}
