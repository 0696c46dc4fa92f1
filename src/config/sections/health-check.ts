import type { z } from "zod";
import { isAuthority } from "../../http/authority.ts";
import { choice, flag, parsed, positiveDuration, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { headersSchema } from "../values/headers.ts";
import { refuseValue } from "../problems/wording.ts";
import { target } from "../values/paths.ts";
import { overrides, section } from "./section.ts";
import { someStatusesSchema } from "../values/statuses.ts";
import { atLeastOne, type JsonSchemaPart, writtenAs } from "../values/written.ts";

const MAX_PATTERN = 1000;

const HOST_FORM = 'a host name, with a port if need be, such as "app.internal"';

const host = parsed(HOST_FORM, (text) => {
  if (isAuthority(text)) return text;
  throw new RangeError(refuseValue(text, HOST_FORM));
}, /^[^\s/?#@\\]+$/);

const PROBE_URL = /^http:\/\/[^/?#@\s]+(?:\/[!-"$-~]*)?$/;
const PROBE_URL_FORM = 'an address such as "http://example.com/generate_204"';
const PROBE_TARGET_FORM = 'a host with its port, such as "example.com:443"';

const healthCheck = {
  /** Whether there are probes; a section that is there means yes. */
  enabled: flag.prefault(true),
  /** Whether all servers are probed, or only those that requests have ejected, to let them back in: then no probe takes one out. */
  when: choice(["always", "ejected"]).prefault("always"),
  /** `http` asks for `path`, or parents for `url`; `tcp` only connects; `connect` asks parents for a tunnel. */
  type: choice(["http", "tcp", "connect"]).prefault("http"),
  /** What is asked for, with a query if need be. */
  path: target.prefault("/health"),
  /** How it is asked for. */
  method: choice(["GET", "HEAD"]).prefault("GET"),
  /**
   * Further headers of a probe; one called `User-Agent` or `Accept` takes the place of the probe's own.
   * @example { Authorization = "Bearer ${PROBE_TOKEN}" }
   */
  headers: headersSchema.prefault({}),
  /** Statuses that are a pass: `"2xx"`, `"200-399"`, `204`, or a list of such. Redirects are not followed. */
  expected_status: someStatusesSchema.prefault("2xx"),
  /** Between two probes of one server. */
  interval: positiveDuration.prefault("5s"),
  /** Between the probes of a server that is about to turn round. */
  fast_interval: positiveDuration.prefault("1s"),
  /** Time for a whole probe. */
  timeout: positiveDuration.prefault("2s"),
  /** Passes in a row that bring a server back. The first result after the start decides alone. */
  rise: wholeNumber(1, 1000).prefault(2),
  /** Failures in a row that take a server out. */
  fall: wholeNumber(1, 1000).prefault(2),
};

const optional = {
  /** What parents are asked for in place of a path: an address that answers 204, as captive portals do not. */
  url: parsed(PROBE_URL_FORM, (text) => {
    if (PROBE_URL.test(text) && URL.canParse(text)) return text;
    throw new RangeError(refuseValue(text, PROBE_URL_FORM));
  }, PROBE_URL).exactOptional(),
  /** Where `connect` asks parents for a tunnel to. */
  target: parsed(PROBE_TARGET_FORM, (text) => {
    if (isAuthority(text) && /:\d+$/.test(text)) return text;
    throw new RangeError(refuseValue(text, PROBE_TARGET_FORM));
  }, /^[^\s/?#@\\]+:\d+$/).exactOptional(),
  /** Host that is asked for; without it the server's own, with the port that is probed. */
  host: host.exactOptional(),
  /** Regular expression that must be found in the first 64 KiB of the body. @example "ok" */
  expected_body: writtenAs(
    parsed("a regular expression", (text) => {
      try {
        if (text.length <= MAX_PATTERN) return new RegExp(text).source;
      } catch {
        // Said below, in the words of all other messages.
      }
      throw new RangeError(refuseValue(text, "a regular expression"));
    }),
    { format: "regex", pattern: /^[\s\S]{0,1000}$/ },
  ).exactOptional(),
};

/**
 * How servers are probed, in `[defaults]` and in a backend, which overrides it key by key. Where neither has the
 * section there are no probes.
 */
export const healthCheckSchema = section({ ...overrides(healthCheck), ...optional });

/** What a check is that asks a server for nothing but itself, as only proxies can be asked for more. */
export const OWN_PROBE: JsonSchemaPart = {
  properties: { type: { not: { const: "connect" } } },
  not: atLeastOne("url", "target"),
};

/** An answer to HEAD has no body to look into. */
export const NO_BODY_OF_HEAD: JsonSchemaPart = {
  not: {
    properties: { method: { const: "HEAD" }, type: { not: { const: "tcp" } } },
    required: ["method", "expected_body"],
  },
};

const allKeys = section({ ...healthCheck, ...optional });

/** What one server overrides of its backend's check. */
export const serverHealthSchema = section({
  /** What is asked for, with a query if need be. */
  path: target.exactOptional(),
  /** Port that is probed, in place of that of the URL. @example 8081 */
  port: wholeNumber(1, 65_535).exactOptional(),
  /** Host that is asked for. */
  host: host.exactOptional(),
});

/** A whole check. */
export type HealthCheckConfig = Frozen<z.output<typeof allKeys>>;

/** The keys that a section has, without defaults. */
export type WrittenHealthCheck = Frozen<z.output<typeof healthCheckSchema>>;

const DEFAULTS: HealthCheckConfig = allKeys.parse({});

/** In place of the defaults for parents: they have no path of their own, and are asked less often. */
const FOR_PARENTS: WrittenHealthCheck = healthCheckSchema.parse({
  url: "http://connectivitycheck.gstatic.com/generate_204",
  target: "connectivitycheck.gstatic.com:443",
  expected_status: 204,
  interval: "30s",
  timeout: "5s",
});

/** The check of a backend, or undefined where nobody asks for one. */
export function resolveHealthCheck(
  protocol: "http" | "proxy",
  ...written: readonly (WrittenHealthCheck | undefined)[]
): HealthCheckConfig | undefined {
  if (!isProbed(written)) return undefined;
  const check = Object.assign({}, DEFAULTS, protocol === "proxy" && FOR_PARENTS, ...written);
  if (check.type === "connect" && written.every((one) => one?.expectedStatus === undefined)) {
    check.expectedStatus = DEFAULTS.expectedStatus; // a tunnel is any 2xx
  }
  return check;
}

/** Whether there are probes: one of these sections is there, and the last that says yes or no does not say no. */
function isProbed(written: readonly ({ readonly enabled?: unknown } | undefined)[]): boolean {
  const { enabled }: { enabled?: unknown } = Object.assign({}, ...written);
  return enabled !== false && written.some((section) => section !== undefined);
}

/** The same, and of servers that are not ejected as well. */
export function isProbedAlways(written: readonly ({ readonly enabled?: unknown } | undefined)[]): boolean {
  const { when }: { when?: unknown } = Object.assign({}, ...written);
  return when !== "ejected" && isProbed(written);
}

/**
 * The section `healthcheck` at the top level, as pyhaproxy spells and means it: a check for every backend, in which a redirect
 * passes as well and one result decides.
 */
export const pyhaproxyHealthSchema = section({
  /** Whether there are probes. */
  enabled: flag.prefault(false),
  /** Seconds between two probes of one server. */
  interval_seconds: wholeNumber(1, 86_400).prefault(5),
  /** Seconds for a whole probe. */
  timeout_seconds: wholeNumber(1, 3600).prefault(2),
  /** What is asked for, with a query if need be. */
  path: target.prefault("/health"),
}).transform(({ enabled, intervalSeconds, timeoutSeconds, path }): WrittenHealthCheck | undefined =>
  enabled
    ? {
      path,
      interval: intervalSeconds * 1000,
      timeout: timeoutSeconds * 1000,
      expectedStatus: [{ from: 200, to: 399 }],
      rise: 1,
      fall: 1,
    }
    : undefined
);
