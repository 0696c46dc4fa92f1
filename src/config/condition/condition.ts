import type { IpBlock } from "../../http/ip.ts";

/** What a condition can look at. `header`, `query` and `cookie` need a name: `header(accept)`. */
export const SUBJECTS = [
  "host",
  "path",
  "path_prefix",
  "method",
  "header",
  "query",
  "cookie",
  "src",
] as const;

export type Subject = (typeof SUBJECTS)[number];

/** An `if` of a rule as plain data; `proxy/condition.ts` makes a function of it. */
export type Condition =
  | { readonly kind: "all" | "any"; readonly terms: readonly Condition[] }
  | { readonly kind: "not"; readonly term: Condition }
  | ConditionTest;

/** One comparison. */
export type ConditionTest =
  /** Whether a header, parameter or cookie is there. */
  | { readonly kind: "present"; readonly subject: Subject; readonly argument: string }
  /** Whether the subject is one of `values`; hosts in lower case, perhaps with `*.` in front. */
  | {
    readonly kind: "equals";
    readonly subject: Subject;
    readonly argument: string;
    /** Whether all of several parameters or cookies of a name must be; any of them where it is missing. */
    readonly every?: boolean;
    readonly values: readonly string[];
  }
  /** Whether the client's address lies in one of `blocks`. */
  | { readonly kind: "inside"; readonly blocks: readonly IpBlock[] }
  /** Whether the regular expression `pattern` is found in the subject. */
  | {
    readonly kind: "matches";
    readonly subject: Subject;
    readonly argument: string;
    readonly every?: boolean;
    readonly pattern: string;
  };
