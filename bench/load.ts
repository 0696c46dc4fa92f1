import { executablePath } from "./executable-path.ts";
import type { LoadOptions, LoadResult, LoadTarget } from "./load-order.ts";
import { runTunnelLoad } from "./tunnel-load.ts";
import type { Workspace } from "./workspace.ts";

/** Time that wrk gets on top of the run before it is killed. */
const GRACE_MS = 15_000;

/**
 * Prints the figures exactly, where wrk's own report rounds them. The script defines no `request` function, so
 * that wrk builds the request once and no Lua runs while it measures.
 */
const REPORT = `
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests":%d,"wallMs":%.3f,"p50Ms":%.3f,"p99Ms":%.3f,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}\\n',
    summary.requests, summary.duration / 1000, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    e.connect, e.read, e.write, e.timeout, e.status))
end
`;

/**
 * Puts the load of a scenario on `url`: tunnels, or wrk with one thread. Throws when wrk is missing or does not report,
 * and when a tunnel is refused.
 */
export async function runLoad(
  workspace: Workspace,
  target: LoadTarget,
  options: LoadOptions,
): Promise<LoadResult> {
  if (target.scenario.unit === "MiB") return await runTunnelLoad(target, options);
  const { seconds, connections } = options;
  const executable = executablePath("wrk");
  if (executable === undefined) throw new Error("Cannot measure: wrk is missing: apt-get install wrk");
  const { scenario } = target;
  const script = workspace.write(`${scenario.name}.lua`, requestLua(target) + REPORT);
  const child = workspace.spawn({
    executable,
    args: [
      "--threads=1",
      `--connections=${connections}`,
      `--duration=${seconds}s`,
      "--timeout=5s",
      `--script=${script}`,
      target.url + scenario.path,
    ],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + GRACE_MS);
  await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  clearTimeout(timer);
  return parseReport(output);
}

function requestLua({ relays, scenario }: LoadTarget): string {
  const { method, path, headers = {}, uploadBytes } = scenario;
  const absolute = relays === undefined
    ? ""
    : `wrk.path = "${relays}${path}"\nwrk.headers["Host"] = "${new URL(relays).host}"\n`;
  const upload = method === "GET"
    ? ""
    : `wrk.method = "${method}"\nwrk.body = string.rep("x", ${uploadBytes})\n`;
  const fields = Object.entries(headers).map(([name, value]) => `wrk.headers["${name}"] = '${value}'\n`);
  return absolute + upload + fields.join("");
}

function parseReport(output: string): LoadResult {
  const line = output.split("\n").findLast((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`wrk gave no report: ${output.trim() || "no output"}`);
  const { requests, wallMs, p50Ms, p99Ms, ...counts }: Record<string, number> = JSON.parse(line);
  return {
    requests: requests ?? 0,
    wallMs: wallMs ?? 0,
    p50Ms: p50Ms ?? 0,
    p99Ms: p99Ms ?? 0,
    failures: Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
  };
}
