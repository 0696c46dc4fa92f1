import { parseRouteHost } from "../../values/host.ts";
import { toPattern } from "../pattern.ts";
import { allOf, ALWAYS, anyOf, escapePattern, fitsPattern, isOneOf, notOf } from "../terms.ts";
import type { CaddyDirective } from "./parse.ts";

/** What a matcher says: a condition of ours, never, or why there is none. */
export type Matched = string | false | { readonly why: string };

/** What matchers are read with. */
export interface MatcherParts {
  /** What was taken off the front of paths where the matcher stands. */
  readonly base: string;
  /** Whether clients may come by TLS. */
  readonly tls: boolean;
  /** Whether paths are compared in any case, as Caddy does: those that turn requests away have to be. */
  readonly anyCase?: boolean;
}

/** Matchers whose lines of one name are alternatives. */
const JOINED = ["path", "host", "method", "remote_ip", "client_ip", "query", "header"];

/** Reads the lines of a matcher: all of them have to fit, and one of those of the same name. */
export function readMatchers(lines: readonly CaddyDirective[], parts: MatcherParts): Matched {
  return all(joinLines(lines).map((line) => readMatcher(line, parts)));
}

/** One line for all of one name; those of `header` where they ask the values of one field. */
function joinLines(lines: readonly CaddyDirective[]): CaddyDirective[] {
  const joined = new Map<string, CaddyDirective>();
  for (const [i, line] of lines.entries()) {
    const isHeader = line.name === "header";
    const mayJoin = JOINED.includes(line.name) && (!isHeader || line.args.length > 1);
    const key = !mayJoin ? String(i) : isHeader ? `header ${line.args[0]!.toLowerCase()}` : line.name;
    const before = joined.get(key);
    joined.set(
      key,
      before === undefined
        ? line
        : { ...before, args: [...before.args, ...line.args.slice(isHeader ? 1 : 0)] },
    );
  }
  return [...joined.values()];
}

function readMatcher({ name, args, block }: CaddyDirective, parts: MatcherParts): Matched {
  switch (name) {
    case "path":
      return anyOf(args.map((path) => pathTerm(path, parts)));
    case "path_regexp":
      return patternTerm("path", args.at(-1) ?? "", parts.base);
    case "host":
      return hostTerm(args);
    case "method":
      return isOneOf("method", args.map((method) => method.toUpperCase()));
    case "header":
      return headerTerm(args);
    case "header_regexp":
      return patternTerm(`header(${args.at(args.length === 3 ? -2 : 0)})`, args.at(-1) ?? "");
    case "query":
      return queryTerm(args);
    case "remote_ip":
    case "client_ip":
      return isOneOf(
        "src",
        args.filter((word) => word !== "forwarded").flatMap((word) =>
          word === "private_ranges" ? PRIVATE : [word]
        ),
      );
    case "protocol":
      return protocolTerm(args[0] ?? "", parts);
    case "not":
      return negated(block ?? [{ name: args[0] ?? "", args: args.slice(1), origin: NOWHERE }], parts);
    default:
      return { why: `Sluice has no condition on ${name}` };
  }
}

const NOWHERE = { file: "", line: 0, column: 0, text: "" };
const PRIVATE = ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1"];

/** The condition of a path such as `/a`, `/a/*`, `/a*`, `*.php` or `*\/a/*`. */
export function pathTerm(
  path: string,
  { base, anyCase: wanted = false }: Pick<MatcherParts, "base" | "anyCase">,
): string {
  if (path === "*" || (path === "/*" && base === "")) return ALWAYS;
  const anyCase = wanted && /[a-z]/i.test(base + path);
  if (path.startsWith("*")) {
    const inner = escapePattern(path.replace(/^\*+|\*+$/g, ""));
    return allOf([
      base === "" ? ALWAYS : isOneOf("path_prefix", [base]),
      fitsPattern("path", path.endsWith("*") ? inner : `${inner}$`, anyCase),
    ]);
  }
  const whole = base + path;
  const plain = whole.replace(/\*$/, "");
  if (plain.includes("*")) {
    return fitsPattern(
      "path",
      `^${plain.split("*").map(escapePattern).join("[^/]*")}${plain === whole ? "$" : ""}`,
      anyCase,
    );
  }
  if (plain === whole) {
    return !anyCase && /^\/[!"$->@-~]*$/.test(plain)
      ? isOneOf("path", [plain])
      : fitsPattern("path", `^${escapePattern(plain)}$`, anyCase);
  }
  return !anyCase && plain.endsWith("/") && /^\/[!"$->@-~]*$/.test(plain)
    ? isOneOf("path_prefix", [plain])
    : fitsPattern("path", `^${escapePattern(plain)}`, anyCase);
}

function patternTerm(subject: string, source: string, base = ""): Matched {
  const pattern = toPattern(base === "" ? source : source.replace(/^\^/, `^${escapePattern(base)}`));
  if (base !== "" && !source.startsWith("^")) return { why: "a pattern without ^ inside handle_path" };
  return pattern === undefined
    ? { why: "the regular expression is none that JavaScript knows" }
    : fitsPattern(subject, pattern);
}

function hostTerm(names: readonly string[]): Matched {
  try {
    return isOneOf("host", names.map(parseRouteHost));
  } catch {
    return { why: "is no host name" };
  }
}

/** `header Field value`, with stars at its ends; `Field` alone is there, `!Field` is not. */
function headerTerm([field = "", ...values]: readonly string[]): Matched {
  if (field.startsWith("!")) return notOf(`header(${field.slice(1)})`);
  const subject = field.toLowerCase() === "host" ? "host" : `header(${field})`;
  if (values.length === 0 || values[0] === "*") return subject;
  return anyOf(values.map((value) => starTerm(subject, value)));
}

function starTerm(subject: string, value: string): string {
  if (!value.includes("*")) return isOneOf(subject, [value]);
  const inner = escapePattern(value.replace(/^\*|\*$/g, ""));
  return fitsPattern(subject, `${value.startsWith("*") ? "" : "^"}${inner}${value.endsWith("*") ? "" : "$"}`);
}

/** Values of one name are alternatives. */
function queryTerm(pairs: readonly string[]): Matched {
  const byName = new Map<string, string[]>();
  for (const pair of pairs) {
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    byName.set(name, [...byName.get(name) ?? [], value]);
  }
  return allOf(
    [...byName].map(([name, values]) =>
      values.includes("*") ? `query(${name})` : isOneOf(`query(${name})`, values)
    ),
  );
}

function protocolTerm(protocol: string, { tls }: MatcherParts): Matched {
  if (tls || !["http", "https"].includes(protocol)) return { why: "Sluice has no condition on the protocol" };
  return protocol === "http" ? ALWAYS : false;
}

function negated(lines: readonly CaddyDirective[], parts: MatcherParts): Matched {
  const term = readMatchers(lines, parts);
  if (term === false) return ALWAYS;
  if (typeof term !== "string") return term;
  return term === ALWAYS ? false : notOf(term);
}

/** All of them. */
function all(terms: readonly Matched[]): Matched {
  if (terms.includes(false)) return false;
  const unknown = terms.find((term) => typeof term === "object");
  return unknown ?? allOf(terms.filter((term) => typeof term === "string"));
}
