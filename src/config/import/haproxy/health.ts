import { formatDuration } from "../../../base/units.ts";
import { comment, type Draft, type DraftTable } from "../draft.ts";
import type { ProxySection } from "./proxy.ts";
import { serverLines } from "./servers.ts";
import { haproxyMs } from "./units.ts";

/** HAProxy's own: between two probes, and how many turn a server round. */
const INTERVAL_MS = 2000;
const RISE = 2;
const FALL = 3;

/** Puts the probes of a proxy into `backend`, where one of its servers has some. */
export function fillHealth(backend: DraftTable, proxy: ProxySection, draft: Draft): void {
  const lines = serverLines(proxy);
  const [first] = lines.filter(({ options }) => options.has("check"));
  if (first === undefined) return;
  for (const { options, name, origin } of lines) {
    if (!options.has("check")) {
      draft.change(origin, `${name} is probed as the others are`, backend, "health_check");
    }
  }
  const check: DraftTable = { ...ofOption(proxy, draft, backend) };
  const interval = haproxyMs(first.options.get("inter")) ?? INTERVAL_MS;
  const fast = haproxyMs(first.options.get("fastinter")) ?? interval;
  check["interval"] = formatDuration(interval);
  check["fast_interval"] = formatDuration(fast);
  check["timeout"] = formatDuration(haproxyMs(proxy.timeout("check")) || interval);
  check["rise"] = Number(first.options.get("rise") ?? RISE);
  check["fall"] = Number(first.options.get("fall") ?? FALL);
  backend["health_check"] = check;
  const said = ["inter", "rise", "fall"].filter((name) => first.options.has(name));
  if (said.length < 3) comment(backend, "health_check", "HAProxy's defaults where the file says nothing");
}

function ofOption(proxy: ProxySection, draft: Draft, backend: DraftTable): DraftTable {
  const option = proxy.find("option", "httpchk");
  if (option === undefined || !proxy.hasOption("httpchk")) {
    const other = [
      "tcp-check",
      "mysql-check",
      "pgsql-check",
      "redis-check",
      "smtpchk",
      "ldap-check",
      "ssl-hello-chk",
      "external-check",
    ]
      .find((name) => proxy.hasOption(name));
    const line = other === undefined ? undefined : proxy.find("option", other);
    if (line !== undefined) draft.lose(line.origin, "the probe only connects", backend, "health_check");
    return { type: "tcp" };
  }
  const check: DraftTable = {};
  const [, , ...words] = option.words;
  const [method, path] = words.length === 1 ? [undefined, words[0]] : words;
  const sent = readSend(proxy);
  const asked = sent.method ?? method ?? "OPTIONS";
  const host = sent.host ?? /[Hh]ost:\s*(\S+)/.exec(words.slice(2).join(" "))?.[1];
  check["path"] = sent.path ?? path ?? "/";
  if (asked === "HEAD") check["method"] = "HEAD";
  else if (asked !== "GET") {
    draft.change(option.origin, `asks by GET, not by ${asked}`, backend, "health_check");
  }
  if (host !== undefined) check["host"] = host;
  if (Object.keys(sent.headers).length > 0) check["headers"] = sent.headers;
  check["expected_status"] = "200-399";
  fillExpected(check, proxy, { draft, backend });
  return check;
}

function readSend(
  proxy: ProxySection,
): { method?: string; path?: string; host?: string; headers: DraftTable } {
  const words = proxy.find("http-check", "send")?.words ?? [];
  const after = (name: string) => words.includes(name) ? words[words.indexOf(name) + 1] : undefined;
  const headers: DraftTable = {};
  let host: string | undefined;
  words.forEach((word, i) => {
    if (word !== "hdr") return;
    const [name = "", value = ""] = words.slice(i + 1, i + 3);
    if (/^host$/i.test(name)) host = value;
    else headers[name] = value;
  });
  const method = after("meth");
  const path = after("uri");
  return {
    ...(method !== undefined && { method }),
    ...(path !== undefined && { path }),
    ...(host !== undefined && { host }),
    headers,
  };
}

/** What an answer has to be; several are asked of all. */
function fillExpected(
  check: DraftTable,
  proxy: ProxySection,
  { draft, backend }: { draft: Draft; backend: DraftTable },
): void {
  for (const { words, origin } of proxy.all("http-check", "expect")) {
    const [negation, ...rest] = words.slice(2).filter((word) =>
      !/^(?:min-recv|comment|on-success)$/.test(word)
    );
    const [kind, value = ""] = negation === "!" ? ["!", ""] : [negation, rest.join(" ")];
    const statuses = value.split(",").map((part) => /^\d{3}$/.test(part) ? Number(part) : part);
    if (kind === "status" && statuses.every((part) => /^[1-5]\d\d(?:-[1-5]\d\d)?$/.test(String(part)))) {
      check["expected_status"] = statuses.length === 1 ? statuses[0] : statuses;
    } else if (kind === "rstatus" && /^\^?[1-5](?:\.\.|\[0-9\]\{2\}|\\d\\d)?\$?$/.test(value)) {
      check["expected_status"] = `${/[1-5]/.exec(value)![0]}xx`;
    } else if (kind === "string" || kind === "rstring") {
      check["expected_body"] = kind === "string" ? value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : value;
      if (check["method"] === "HEAD") delete check["method"];
    } else draft.lose(origin, "answers are told by status and text alone", backend, "health_check");
  }
}
