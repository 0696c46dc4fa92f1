import { z } from "zod";
import { listenAddress, MAX_SECONDS } from "../values.ts";
import { refuseValue } from "../../problems/wording.ts";
import { section } from "../../sections/section.ts";
import { parseServerUrl } from "../../sections/server.ts";
import { DOMAIN_FORM, parseDomain } from "../../values/domain.ts";
import { choice, flag, list, parsed, wants, wholeNumber } from "../../values/value-types.ts";

const URL_FORM = '"http://host:port", where 8080 is the port that is left out';

/** Port of an upstream whose URL has none. */
const DEFAULT_PORT = 8080;

const seconds = (least: 0 | 1) => wholeNumber(least, MAX_SECONDS);

/** What YAML writes as `key:` or `key: null` counts as left out. */
function orNull<Field extends z.ZodType>(field: Field) {
  return z.preprocess((written) => written ?? undefined, field.optional()).optional();
}

const upstreamSchema = section({
  url: parsed(URL_FORM, toParentUrl),
  /** 0 counts as 1. */
  weight: wholeNumber(0, 1000).prefault(1),
  priority: wholeNumber(0, 1_000_000).prefault(100),
  username: orNull(z.string(wants("a text"))),
  password: orNull(z.string({ error: "is no text; accepted: a text" })),
});

/** Every key of http-proxy-lb, with its defaults. */
export const httpProxyLbSchema = section({
  listen: listenAddress,
  admin_listen: orNull(listenAddress),
  mode: choice(["round_robin", "best", "priority"]).prefault("round_robin"),
  reload_interval_secs: seconds(0).prefault(60),
  access_log: flag.prefault(false),
  health_check: section({
    interval_secs: seconds(1).prefault(30),
    timeout_secs: seconds(1).prefault(5),
  }).prefault({}),
  limits: section({
    max_connections: wholeNumber(0).prefault(0),
    request_timeout_secs: seconds(0).prefault(0),
    shutdown_timeout_secs: seconds(0).prefault(30),
  }).prefault({}),
  domain_policy: section({
    mode: choice(["off", "blacklist", "whitelist"]).prefault("off"),
    domains: list(domainExpression(), "a list of domains").prefault([]),
  }).prefault({}),
  upstream: list(upstreamSchema, "a list of parent proxies").prefault([]),
}).refine(({ listen, adminListen }) => listen !== adminListen || listen.endsWith(":0"), {
  path: ["admin_listen"],
  error: "is the address of listen; accepted: one of its own",
});

export type HttpProxyLbConfig = z.output<typeof httpProxyLbSchema>;

/** As it is written; undefined for one that has nothing behind its prefix, which matches no host. */
function domainExpression() {
  return parsed(DOMAIN_FORM, (text) => {
    if (/^(?:domain:|suffix:|\*\.|\.)?$/i.test(text.trim())) return undefined;
    parseDomain(text);
    return text;
  });
}

function toParentUrl(text: string): string {
  const { url, tls, basePath, socketPath } = parseServerUrl(text);
  if (basePath !== "" || socketPath !== undefined) throw new RangeError(refuseValue(text, URL_FORM));
  const hasPort = /:\d+\/*$/.test(text);
  return tls || hasPort ? url : `${url}:${DEFAULT_PORT}`;
}
