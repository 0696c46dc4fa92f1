import { parseRouteHost } from "../../values/host.ts";
import { anyOf, escapePattern, fitsPattern, isOneOf } from "../terms.ts";
import { toPattern } from "../pattern.ts";

/** What a test says: always, never, a condition of ours, or why there is none. */
export type Truth = boolean | string | { readonly why: string };

/** How HAProxy compares, by the name that `-m` gives it. */
type Match = "str" | "beg" | "end" | "sub" | "dir" | "dom" | "reg" | "found";

const MATCHES: readonly string[] = ["str", "beg", "end", "sub", "dir", "dom", "reg", "found"];

/** What a sample is called in conditions. */
const SUBJECTS: Readonly<Record<string, string>> = {
  path: "path",
  url: "path",
  method: "method",
  src: "src",
};
const NAMED: Readonly<Record<string, string>> = {
  hdr: "header",
  "req.hdr": "header",
  "req.fhdr": "header",
  url_param: "query",
  urlp: "query",
  cook: "cookie",
  "req.cook": "cookie",
};

/** Whether a converter changes nothing of what is compared here: hosts have no port and no case, paths are decoded. */
function isIdle(converter: string, subject: string): boolean {
  if (converter === "lower") return true;
  if (subject === "host") return /^(?:field\(1,:\)|host_only)$/.test(converter);
  return converter === "url_dec" && (subject === "path" || subject.startsWith("query("));
}

/** What `criterion [flags] values` says of a request; `tls` where clients may come by TLS as well as without. */
export function readCriterion(words: readonly string[], { tls }: { tls: boolean }): Truth {
  const [written = "", ...rest] = words;
  const [sample = "", ...converters] = splitConverters(written);
  const [, name = "", argument] = /^([\w.-]+)(?:\((.*)\))?$/.exec(sample) ?? [];
  const constant = constantOf(name, argument);
  if (constant !== undefined) return constant;
  if (name === "ssl_fc") {
    return tls ? { why: "some clients come by TLS, which Sluice does not know of yet" } : false;
  }
  if (name === "http_auth" || name === "http_auth_group") return false; // nobody is known
  const [, stem = "", suffix] = /^(.*?)(?:_(beg|end|sub|dir|dom|reg))?$/.exec(name) ?? [];
  const subject = subjectOf(stem, argument);
  if (subject === undefined) return { why: `Sluice has no condition on ${sample}` };
  const lowers = converters.includes("lower");
  if (!converters.every((converter) => isIdle(converter, subject))) {
    return { why: `Sluice has no ${converters.join(", ")}` };
  }
  const flags = readFlags(rest);
  if (typeof flags === "string") return { why: flags };
  const match = (flags.match ?? suffix ?? "str") as Match;
  if (match === "found") return subject.includes("(") ? subject : true;
  const lost = whyOtherPath(stem, match, flags.values);
  if (lost !== undefined) return { why: lost };
  const ignoreCase = (flags.ignoreCase || lowers) && subject !== "host";
  const parts = subject.startsWith("header(") && stem !== "req.fhdr";
  return compare(subject, { match, values: flags.values, ignoreCase, parts });
}

/** The parts of `sample,converter(…),converter`. */
function splitConverters(text: string): string[] {
  return text.split(/,(?![^(]*\))/);
}

function constantOf(name: string, argument: string | undefined): Truth | undefined {
  if (argument !== undefined) return undefined;
  if (["TRUE", "always_true", "HTTP", "WAIT_END"].includes(name)) return true;
  if (["FALSE", "always_false"].includes(name)) return false;
  if (name === "LOCALHOST") return "src in [127.0.0.1/8, ::1]";
  if (name === "METH_GET") return isOneOf("method", ["GET", "HEAD"]);
  return name.startsWith("METH_") ? isOneOf("method", [name.slice(5)]) : undefined;
}

/** Why a path of ours is not what HAProxy compares: its `url` has the query, and what it compares is not decoded. */
function whyOtherPath(stem: string, match: Match, values: readonly string[]): string | undefined {
  if (stem !== "url" && stem !== "path") return undefined;
  if (stem === "url" && (match !== "beg" || values.some((value) => value.includes("?")))) {
    return "the query is part of it, and Sluice compares paths without it";
  }
  return values.some((value) => value.includes("%")) ? "Sluice compares paths that are decoded" : undefined;
}

function subjectOf(stem: string, argument: string | undefined): string | undefined {
  if (argument === undefined) return Object.hasOwn(SUBJECTS, stem) ? SUBJECTS[stem] : undefined;
  const [name = "", occurrence] = argument.split(",");
  // Host comes once, and its last is its first; of others one among several is asked for.
  if (occurrence !== undefined && !(name.toLowerCase() === "host" && /^-?1$/.test(occurrence))) {
    return undefined;
  }
  const kind = Object.hasOwn(NAMED, stem) ? NAMED[stem]! : undefined;
  if (kind === undefined || !/^[\w!#$&^.+-]+$/.test(name)) return undefined;
  return kind === "header" && name.toLowerCase() === "host" ? "host" : `${kind}(${name})`;
}

function readFlags(
  words: readonly string[],
): { match?: string; ignoreCase: boolean; values: string[] } | string {
  const found: { match?: string; ignoreCase: boolean; values: string[] } = { ignoreCase: false, values: [] };
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === "--") {
      found.values.push(...words.slice(i + 1));
      break;
    } else if (word === "-i") found.ignoreCase = true;
    else if (word === "-n") continue;
    else if (word === "-f" || word === "-M") return "its values are in a file of their own";
    else if (word === "-m") {
      const method = words[++i] ?? "";
      if (!MATCHES.includes(method)) return `Sluice does not compare by ${method}`;
      found.match = method;
    } else found.values.push(word);
  }
  return found;
}

function compare(
  subject: string,
  { match, values, ignoreCase, parts }: {
    match: Exclude<Match, "found">;
    values: readonly string[];
    ignoreCase: boolean;
    /** Whether each part between commas is compared, as HAProxy does, and not the whole. */
    parts: boolean;
  },
): Truth {
  if (values.length === 0) return { why: "nothing stands there to compare with" };
  if (subject === "src") return isOneOf("src", values);
  if (match === "str" && !ignoreCase && !parts) {
    const fits = equals(subject, values);
    if (fits !== undefined) return fits;
  }
  if (match === "end" && subject === "host" && values.every((value) => /^\.[\w.-]+$/.test(value))) {
    return isOneOf("host", values.map((value) => `*${value.toLowerCase()}`));
  }
  if (match === "beg" && subject === "path" && !ignoreCase) return beginsWith(values);
  if (match === "reg") {
    const patterns = values.map(toPattern);
    if (patterns.includes(undefined)) return { why: "the regular expression is none that JavaScript knows" };
    return anyOf(
      patterns.map((pattern) => fitsPattern(subject, parts ? inParts(pattern!) : pattern!, ignoreCase)),
    );
  }
  const one = values.length === 1 ? escapePattern(values[0]!) : `(?:${values.map(escapePattern).join("|")})`;
  const pattern = AROUND[match](one);
  return fitsPattern(subject, parts ? inParts(pattern) : pattern, ignoreCase);
}

/** A pattern whose ends may be those of a part between commas. */
function inParts(pattern: string): string {
  return pattern.replace(/^\^/, "(?:^|,)\\s*").replace(/(?<!\\)\$$/, "\\s*(?:,|$)");
}

const AROUND: Readonly<Record<Exclude<Match, "reg" | "found">, (text: string) => string>> = {
  str: (text) => `^${text}$`,
  beg: (text) => `^${text}`,
  end: (text) => `${text}$`,
  sub: (text) => text,
  dir: (text) => `(?:^|[/?])${text}(?:[/?]|$)`,
  dom: (text) => `(?:^|[/?.:])${text}(?:[/?.:]|$)`,
};

/** Prefixes are compared letter by letter; with a slash at the end that is the same as by segments. */
function beginsWith(values: readonly string[]): string {
  const isFolder = (value: string) => /^\/(?:[!"$->@-~]*\/)?$/.test(value) && value !== "/";
  const folders = values.filter(isFolder);
  const others = values.filter((value) => !isFolder(value));
  const terms = folders.length === 0 ? [] : [isOneOf("path_prefix", folders)];
  if (others.length > 0) {
    const one = others.length === 1
      ? escapePattern(others[0]!)
      : `(?:${others.map(escapePattern).join("|")})`;
    terms.push(fitsPattern("path", `^${one}`));
  }
  return anyOf(terms);
}

/** Undefined where a value is none that may stand in such a comparison. */
function equals(subject: string, values: readonly string[]): string | undefined {
  if (subject === "host") {
    try {
      return isOneOf("host", values.map((value) => parseRouteHost(value.replace(/:\d+$/, ""))));
    } catch {
      return undefined;
    }
  }
  if (subject === "path" && !values.every((value) => /^\/[^?#\s]*$/.test(value) && !value.endsWith("*"))) {
    return undefined;
  }
  if (subject === "method" && !values.every((value) => /^[A-Z]+$/.test(value))) return undefined;
  return isOneOf(subject, values);
}
