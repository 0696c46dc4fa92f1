import { z } from "zod";
import type { DropInFormat } from "../format.ts";
import { readBy } from "../format.ts";
import { countServers, Translation } from "../translation.ts";
import { MAX_SECONDS } from "../values.ts";
import { refuseValue } from "../../problems/wording.ts";
import { choice, parsed, text } from "../../values/value-types.ts";
import { target } from "../../values/paths.ts";

const SERVERS_FORM = "one or more servers, with commas between them";

const BASE = { status: [100, 599], port: [0, 65_535], threshold: [0, 1000] } as const;

/** The variables that pyLoadBalancer knows, with its defaults. */
const schema = z.object({
  LB_HOST: text("an address").prefault("0.0.0.0"),
  LB_PORT: whole(...BASE.port).prefault("8080"),
  BACKEND_SERVERS: parsed(SERVERS_FORM, parseServers).prefault(
    "http://localhost:9001,http://localhost:9002,http://localhost:9003",
  ),
  REQUEST_TIMEOUT: seconds(0).prefault("30"),
  CONNECT_TIMEOUT: seconds(0.001).prefault("5"),
  HEALTH_CHECK_INTERVAL: seconds(0.001).prefault("5"),
  HEALTH_CHECK_TIMEOUT: seconds(0.001).prefault("2"),
  HEALTH_CHECK_PATH: z.preprocess(
    (path) => typeof path === "string" && !path.startsWith("/") ? `/${path}` : path,
    target,
  ).prefault("/health"),
  HEALTH_CHECK_METHOD: choice(["GET", "HEAD"]).prefault("GET"),
  HEALTH_CHECK_EXPECTED_STATUS: whole(...BASE.status).prefault("200"),
  HEALTH_CHECK_HEALTHY_THRESHOLD: whole(...BASE.threshold).prefault("2"),
  HEALTH_CHECK_UNHEALTHY_THRESHOLD: whole(...BASE.threshold).prefault("2"),
});

/** Variables that are enough to start without a file. */
export const STARTING_VARIABLES = ["BACKEND_SERVERS", "LB_PORT", "LB_HOST"];

/** What pyLoadBalancer reads of the environment. */
export const PYLOADBALANCER: Omit<DropInFormat, "isMeant"> = {
  name: "pyLoadBalancer",
  read: readBy(schema, translate),
};

/** What of an environment it reads; a variable that is empty counts as left out, but for a list of servers. */
export function ownVariables(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const own = Object.keys(schema.shape).flatMap((name): [string, string][] => {
    const value = environment[name];
    return value === undefined || (value === "" && name !== "BACKEND_SERVERS") ? [] : [[name, value]];
  });
  return Object.fromEntries(own);
}

function translate(env: z.output<typeof schema>): Translation {
  const to = new Translation();
  const host = /^[^[].*:/.test(env.LB_HOST) ? `[${env.LB_HOST}]` : env.LB_HOST;
  to.set(["frontends", 0, "name"], "web");
  to.set(["frontends", 0, "bind"], `${host}:${env.LB_PORT}`, ["LB_HOST"]);
  to.set(["frontends", 0, "default_backend"], "app", ["BACKEND_SERVERS"]);
  to.set(["frontends", 0, "health_path"], "/health");
  to.set(["defaults", "timeouts", "response"], env.REQUEST_TIMEOUT, ["REQUEST_TIMEOUT"]);
  to.set(["defaults", "timeouts", "connect"], env.CONNECT_TIMEOUT, ["CONNECT_TIMEOUT"]);
  to.set(["defaults", "retries", "attempts"], 3);
  const servers = countServers(env.BACKEND_SERVERS.map((url) => ({ url, weight: 1 })));
  servers.forEach(({ server, weight }, i) => {
    to.set(["backends", "app", "servers", i, "url"], server.url, ["BACKEND_SERVERS"]);
    if (weight > 1) to.set(["backends", "app", "servers", i, "weight"], weight, ["BACKEND_SERVERS"]);
  });
  const check = ["backends", "app", "health_check"];
  to.set([...check, "path"], env.HEALTH_CHECK_PATH, ["HEALTH_CHECK_PATH"]);
  to.set([...check, "method"], env.HEALTH_CHECK_METHOD, ["HEALTH_CHECK_METHOD"]);
  to.set([...check, "expected_status"], env.HEALTH_CHECK_EXPECTED_STATUS, ["HEALTH_CHECK_EXPECTED_STATUS"]);
  to.set([...check, "interval"], env.HEALTH_CHECK_INTERVAL, ["HEALTH_CHECK_INTERVAL"]);
  to.set([...check, "timeout"], env.HEALTH_CHECK_TIMEOUT, ["HEALTH_CHECK_TIMEOUT"]);
  to.set([...check, "rise"], Math.max(1, env.HEALTH_CHECK_HEALTHY_THRESHOLD), [
    "HEALTH_CHECK_HEALTHY_THRESHOLD",
  ]);
  to.set([...check, "fall"], Math.max(1, env.HEALTH_CHECK_UNHEALTHY_THRESHOLD), [
    "HEALTH_CHECK_UNHEALTHY_THRESHOLD",
  ]);
  to.differs("the first probe of a server decides alone, before anything is served");
  to.differs("a probe follows no redirect");
  to.differs("REQUEST_TIMEOUT ends the wait for the head of an answer, never a body that flows");
  to.differs("a request goes to 3 servers at most, and only where it cannot have had an effect before");
  to.differs(
    "a server that fails late is out after 5 failures in a row, one that refuses a connection at once; a client never takes one out",
  );
  to.differs("bodies stream and are not decoded; servers get X-Forwarded-For and its kin");
  return to;
}

/** What of them is a URL is checked by our own schema. */
function parseServers(list: string): string[] {
  const servers = list.split(",").map((server) => server.trim()).filter((server) => server !== "");
  if (servers.length > 0) return servers;
  throw new RangeError(refuseValue(list, SERVERS_FORM));
}

function whole(least: number, most: number): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  const form = `a whole number, ${least} to ${most}`;
  return parsed(form, (digits) => {
    const number = /^\d{1,6}$/.test(digits.trim()) ? Number(digits) : NaN;
    if (number >= least && number <= most) return number;
    throw new RangeError(refuseValue(digits, form));
  });
}

/** A number of seconds, perhaps with a fraction, as one of our durations. */
function seconds(least: number): z.ZodPipe<z.ZodString, z.ZodTransform<string, string>> {
  const form = `a number of seconds, ${least === 0 ? "0 (no limit)" : "more than 0"} to ${MAX_SECONDS}`;
  return parsed(form, (digits) => {
    const number = /^\d{1,5}(?:\.\d{0,9})?$/.test(digits.trim()) ? Number(digits) : NaN;
    if (number >= least && number <= MAX_SECONDS) return `${Math.round(number * 1000)}ms`;
    throw new RangeError(refuseValue(digits, form));
  });
}
