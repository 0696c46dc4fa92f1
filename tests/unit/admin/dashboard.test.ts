import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { dashboardPage, dashboardScript } from "../../../src/admin/dashboard/page.ts";
import { Series } from "../../../src/admin/dashboard/series.js";
import { verdict } from "../../../src/admin/dashboard/verdict.js";
import { count, latency, percent, rate, serverName, span } from "../../../src/admin/dashboard/words.js";

const { html, headers } = dashboardPage();
const policy = headers["Content-Security-Policy"]!;

/** The texts between the tags called `tag`. */
function inside(tag: string): string[] {
  return [...html.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, "g"))].map((match) => match[1]!);
}

test("the dashboard's modules are one script, without imports, in which no name is declared twice", () => {
  const script = dashboardScript();
  assert.doesNotMatch(script, /^\s*(?:import|export)\b/m);
  assert.doesNotThrow(() => new Function(script)); // parsed, not run
});

test("the dashboard runs and shows nothing but what its policy names by hash, and asks nobody else", () => {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const [scripts, styles] = [inside("script"), inside("style")];
  assert.deepEqual([scripts.length, styles.length], [2, 2]);
  assert.match(policy, /^default-src 'none'; /);
  assert.ok(policy.includes(`script-src ${scripts.map(hash).join(" ")};`));
  assert.ok(policy.includes(`style-src ${styles.map(hash).join(" ")};`));
  assert.match(policy, /; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'$/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  const markup = html.replace(/<(script|style)>[^]*?<\/\1>/g, "");
  assert.doesNotMatch(
    markup,
    /\son\w+=|\sstyle=|<(?:script|img|iframe|base|object)\b|(?:src|href)="(?:https?:)?\/\//,
  );
});

test("the dashboard says numbers in as many digits as mean something", () => {
  assert.deepEqual([0, 0.4, 9.96, 128.4, 1240, 31_000].map(rate), [
    "0",
    "0.4",
    "10.0",
    "128",
    "1.24k",
    "31.0k",
  ]);
  assert.deepEqual([7, 999, 1_234_567].map(count), ["7", "999", "1.23M"]);
  assert.deepEqual([null, 2.34, 83.4, 1200].map((ms) => latency(ms).join(" ")), [
    "– ",
    "2.3 ms",
    "83 ms",
    "1.20 s",
  ]);
  assert.deepEqual([0, 0.00001, 0.0042, 0.034, 0.5].map(percent), [
    "0 %",
    "<0.01 %",
    "0.42 %",
    "3.4 %",
    "50 %",
  ]);
  assert.deepEqual([8000, 720_000, 12_000_000].map(span), ["8 s", "12 min", "3 h 20 min"]);
  assert.equal(serverName("http://10.0.0.2:80/"), "10.0.0.2:80");
});

test("the dashboard's sentence says what is worst, and why the proxy is not ready", () => {
  const of = (name: string, critical: boolean, condition: string) => ({
    name,
    critical,
    available: condition === "up" ? 1 : 0,
    servers: [{ url: "http://10.0.0.1", condition, why: null, since: null }],
  });
  const says = (ready: boolean, ...backends: ReturnType<typeof of>[]) =>
    verdict({ ready, backends, minute: { error_rate: 0 } }, 0).words.join("");
  const [up, down, out] = [of("app", true, "up"), of("db", true, "down"), of("old", false, "down")];
  assert.equal(says(true, up), "The server takes requests.");
  assert.equal(says(true, up, out), "old has no server left: its requests fail.");
  assert.equal(
    says(false, up, down, out),
    "db, old have no server left: their requests fail, and the proxy is not ready.",
  );
  const starts = "The proxy takes no new requests: it starts, or drains.";
  assert.deepEqual([says(false, up, out), says(false, of("app", true, "unprobed"))], [starts, starts]);
});

test("the dashboard's plots go on from the history by steps, and ask for it where one is missing", () => {
  const series = new Series();
  const point = (requests: number) => ({ requests, errors: 0, p50: 1, p99: null });
  const of = (requests: number[]) => ({ requests, errors: [0], p50: [1], p99: [null] });
  const when = (step: number) => ({ step_ms: 5000, step, ended_at: 1_000_000 });
  assert.equal(series.add({ ...when(0), all: point(1), backends: [] }), true);
  series.load({ ...when(2), all: of([1, 2, 3]), backends: [{ name: "app", ...of([1, 2, 3]) }] });
  assert.equal(series.add({ ...when(3), all: point(4), backends: [{ name: "app", ...point(4) }] }), false);
  const [times, requests] = series.of("app", ["requests"]);
  assert.deepEqual([times.length, times.at(-1), requests.slice(-5)], [180, 1000, [null, 1, 2, 3, 4]]);
  assert.equal(series.add({ ...when(5), all: point(6), backends: [] }), true);
  assert.equal(series.add({ ...when(3), all: point(4), backends: [] }), false); // seen already
  assert.equal(series.add({ ...when(0), all: point(4), backends: [] }), true); // another process
  assert.deepEqual(series.of("gone", ["requests"])[1].slice(-1), [null]);
});
