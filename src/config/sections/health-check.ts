import type { z } from "zod";
import { isAuthority } from "../../http/authority.ts";
import { choice, flag, parsed, positiveDuration, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { headersSchema } from "../values/headers.ts";
import { refuseValue } from "../problems/wording.ts";
import { target } from "../values/paths.ts";
import { overrides, section } from "./section.ts";
import { someStatusesSchema } from "../values/statuses.ts";

const MAX_PATTERN = 1000;

const HOST_FORM = 'a host name, with a port if need be, such as "app.internal"';

const host = parsed(HOST_FORM, (text) => {
  if (isAuthority(text)) return text;
  throw new RangeError(refuseValue(text, HOST_FORM));
});

const PROBE_URL_FORM = 'an address such as "http://example.com/generate_204"';
const PROBE_TARGET_FORM = 'a host with its port, such as "example.com:443"';

const healthCheck = {
  /** Whether there are probes; a section that is there means yes. */
  enabled: flag.prefault(true),
  /** Whether all servers are probed, or only those that requests have ejected, to let them back in: then no probe takes one out. */
  when: choice(["always", "ejected"]).prefault("always"),
  /** `http` asks for `path`, or parents for `url`; `tcp` only connects; `connect` asks parents for a tunnel. */
  type: choice(["http", "tcp", "connect"]).prefault("http"),
  path: target.prefault("/health"),
  method: choice(["GET", "HEAD"]).prefault("GET"),
  /** Further headers of a probe; one called `User-Agent` or `Accept` takes the place of the probe's own. */
  headers: headersSchema.prefault({}),
  /** Statuses that are a pass: `"2xx"`, `"200-399"`, `204`, or a list of such. Redirects are not followed. */
  expected_status: someStatusesSchema.prefault("2xx"),
  /** Between two probes of one server. */
  interval: positiveDuration.prefault("5s"),
  /** Between the probes of a server that is about to turn round. */
  fast_interval: positiveDuration.prefault("1s"),
  /** For a whole probe. */
  timeout: positiveDuration.prefault("2s"),
  /** Passes in a row that bring a server back. The first result after the start decides alone. */
  rise: wholeNumber(1, 1000).prefault(2),
  /** Failures in a row that take a server out. */
  fall: wholeNumber(1, 1000).prefault(2),
};

const optional = {
  /** What parents are asked for in place of a path: an address that answers 204, as captive portals do not. */
  url: parsed(PROBE_URL_FORM, (text) => {
    if (/^http:\/\/[^/?#@\s]+(?:\/[!-"$-~]*)?$/.test(text) && URL.canParse(text)) return text;
    throw new RangeError(refuseValue(text, PROBE_URL_FORM));
  }).exactOptional(),
  /** Where `connect` asks parents for a tunnel to. */
  target: parsed(PROBE_TARGET_FORM, (text) => {
    if (isAuthority(text) && /:\d+$/.test(text)) return text;
    throw new RangeError(refuseValue(text, PROBE_TARGET_FORM));
  }).exactOptional(),
  /** Host that is asked for; without it the server's own, with the port that is probed. */
  host: host.exactOptional(),
  /** Regular expression that must be found in the first 64 KiB of the body. */
  expected_body: parsed("a regular expression", (text) => {
    try {
      if (text.length <= MAX_PATTERN) return new RegExp(text).source;
    } catch {
      // Said below, in the words of all other messages.
    }
    throw new RangeError(refuseValue(text, "a regular expression"));
  }).exactOptional(),
};

/**
 * How servers are probed, in `[defaults]` and in a backend, which overrides it key by key. Where neither has the
 * section there are no probes. Keys that do not go together are found in `references.ts`: they may stand apart.
 */
export const healthCheckSchema = section({ ...overrides(healthCheck), ...optional });

const allKeys = section({ ...healthCheck, ...optional });

/** What one server overrides of its backend's check. */
export const serverHealthSchema = section({
  path: target.exactOptional(),
  port: wholeNumber(1, 65_535).exactOptional(),
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
  enabled: flag.prefault(false),
  interval_seconds: wholeNumber(1, 86_400).prefault(5),
  timeout_seconds: wholeNumber(1, 3600).prefault(2),
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
