import { toProxyError } from "../base/errors.ts";
import type { ConfigTest } from "../config/sections/tests.ts";
import type { Path } from "../config/text/positions.ts";
import { nameOfRoute, nameOfRule } from "../proxy/route-names.ts";
import { firstFor } from "./candidates.ts";
import { chooseFrontend } from "./choose-frontend.ts";
import { headOf } from "./described-request.ts";
import { type Explained, type ExplainedFrontend, type Outcome, outcomeOf, refused } from "./outcome.ts";
import { headFor } from "./sent.ts";

/** One expectation that is not met. */
export interface FailedExpectation {
  /** Where in the config it stands. */
  readonly path: Path;
  readonly message: string;
}

/** What the tests of the config find wrong with it: every expectation that is not met. */
export function runConfigTests(explained: Explained): readonly FailedExpectation[] {
  return explained.config.tests.flatMap((test, i) => runTest(explained, test, ["tests", i]));
}

function runTest(explained: Explained, test: ConfigTest, path: Path): FailedExpectation[] {
  const { method, url, from, frontend: name, expect } = test;
  const title = test.name ?? `${method} ${url}`;
  let frontend;
  try {
    frontend = chooseFrontend(explained.frontends, test, name).frontend;
  } catch (error) {
    const message = (error as Error).message.replace("--frontend", "the key frontend");
    return [{ path: [...path, name === undefined ? "url" : "frontend"], message: `${title}: ${message}` }];
  }
  const head = headOf({ method, url, headers: Object.entries(test.headers) }, frontend.config.mode);
  const found = factsOf(outcomeOf(explained, frontend, head, { from }), frontend);
  const failed: FailedExpectation[] = [];
  const compare = (key: string, expected: unknown, actual: unknown, at: Path = [key]) => {
    if (expected === actual) return;
    const [wanted, got] = [expected, actual].map((value) =>
      value === false ? "none" : JSON.stringify(value) ?? "none"
    );
    failed.push({
      path: [...path, "expect", ...at],
      message: `${title}: expected ${key} ${wanted}, got ${got}`,
    });
  };
  const { headers = {}, rule, route, ...rest } = expect;
  if (rule !== undefined) compare("rule", rule, typeof rule === "number" ? found.rule?.[0] : found.rule?.[1]);
  if (route !== undefined) {
    compare("route", route, typeof route === "number" ? found.route?.[0] : found.route?.[1]);
  }
  for (const [key, value] of Object.entries(rest)) compare(key, value, found[key as keyof typeof rest]);
  for (const [field, value] of Object.entries(headers)) {
    compare(`header ${field}`, value, found.headers.get(field) ?? false, ["headers", field]);
  }
  return failed;
}

/** What a test may expect something of. */
interface Facts {
  readonly by: string;
  readonly rule: readonly [number: number, name: string] | undefined;
  readonly route: readonly [number: number, name: string] | undefined;
  readonly backend: string | undefined;
  readonly status: number | undefined;
  readonly location: string | undefined;
  readonly target: string | undefined;
  readonly headers: Headers;
}

function factsOf(outcome: Outcome, frontend: ExplainedFrontend): Facts {
  const { rules, routes } = frontend.config;
  const { taken, course, request } = outcome;
  let { answer } = outcome;
  let target: string | undefined;
  let headers = answer?.headers ?? new Headers();
  if (course !== undefined && request !== undefined) {
    try {
      const first = firstFor(course.backend, request);
      const [line = "", ...lines] = first === undefined ? [] : headFor(first, request, course);
      target = line.split(" ")[1];
      headers = new Headers(lines.map((text): [string, string] => {
        const colon = text.indexOf(": ");
        return [text.slice(0, colon), text.slice(colon + 2)];
      }));
    } catch (error) {
      ({ answer } = refused(toProxyError(error), frontend, request, outcome.by));
      headers = answer?.headers ?? headers;
    } finally {
      if (outcome.by === "straight") course.backend.close();
    }
  }
  return {
    by: outcome.by,
    rule: taken?.kind === "rule" ? [taken.index + 1, nameOfRule(rules[taken.index]!)] : undefined,
    route: taken?.kind === "route" ? [taken.index + 1, nameOfRoute(routes[taken.index]!)] : undefined,
    backend: course?.backend.name,
    status: answer?.status ?? outcome.failure?.status,
    location: answer?.headers.get("location") ?? undefined,
    target,
    headers,
  };
}
