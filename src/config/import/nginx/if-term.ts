import { ALWAYS, fitsPattern, isOneOf, notOf } from "../terms.ts";
import { toPattern } from "../pattern.ts";

/** What is never true: nobody comes by TLS. */
const NEVER = undefined;

/** What a variable is called in conditions. */
function subjectOf(variable: string): string | undefined {
  if (variable === "$host" || variable === "$http_host") return "host";
  if (variable === "$request_method") return "method";
  if (variable === "$uri" || variable === "$document_uri") return "path";
  if (variable === "$remote_addr") return "src";
  const [, kind, name = ""] = /^\$(http|arg|cookie)_(\w+)$/.exec(variable) ?? [];
  if (kind === "http") return `header(${name.replaceAll("_", "-")})`;
  return kind === undefined ? undefined : kind === "arg" ? `query(${name})` : `cookie(${name})`;
}

/** Whether a condition of `if` is known, and what it is with us; `term` is `NEVER` where it is never met. */
export type IfTerm = { readonly known: false; readonly why: string } | {
  readonly known: true;
  readonly term: string | undefined;
};

/** Reads what stands in the parentheses of `if`; `tls` where the server has an address for TLS as well. */
export function readIf(args: readonly string[], { tls }: { tls: boolean }): IfTerm {
  const text = args.join(" ").replace(/^\(\s*/, "").replace(/\s*\)$/, "");
  const [, variable = "", operator = "", rest = ""] =
    /^(\$\w+)\s*(!=|=|!~\*|!~|~\*|~|)\s*(.*)$/s.exec(text) ?? [];
  const value = rest.replace(/^"(.*)"$|^'(.*)'$/s, "$1$2");
  if (variable === "$scheme" || variable === "$https") {
    return tls
      ? { known: false, why: "some clients come by TLS, which Sluice does not know of yet" }
      : ofScheme(variable, operator, value);
  }
  if (variable === "$http_x_forwarded_proto") {
    return {
      known: false,
      why:
        "Sluice believes X-Forwarded-Proto from trusted_proxies alone: name them, and ask header(x-forwarded-proto)",
    };
  }
  const subject = subjectOf(variable);
  if (subject === undefined) return { known: false, why: "Sluice has no such variable" };
  const negates = operator.startsWith("!");
  if (operator === "") {
    if (!/^(?:header|query|cookie)\(/.test(subject)) {
      return { known: false, why: "is always true, or a file is asked for" };
    }
    return { known: true, term: fitsPattern(subject, "^(?!0?$)") }; // neither empty nor "0"
  }
  if (operator.includes("~")) {
    const pattern = toPattern(value);
    if (pattern === undefined || subject === "src") {
      return { known: false, why: "the regular expression is none of ours" };
    }
    const term = fitsPattern(subject, pattern, operator.endsWith("*"));
    return { known: true, term: negates ? notOf(term) : term };
  }
  if (value === "" && /^(?:header|query|cookie)\(/.test(subject)) {
    return { known: true, term: negates ? subject : notOf(subject) };
  }
  const term = isOneOf(subject, [subject === "host" ? value.toLowerCase() : value]);
  return { known: true, term: negates ? notOf(term) : term };
}

/** All requests come without TLS, as long as Sluice does not speak it to clients. */
function ofScheme(variable: string, operator: string, value: string): IfTerm {
  const is = variable === "$scheme" ? value === "http" : value === "";
  if (operator !== "=" && operator !== "!=") return { known: false, why: "Sluice has no such condition" };
  return { known: true, term: is === (operator === "=") ? ALWAYS : NEVER };
}
