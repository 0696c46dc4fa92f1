import { z } from "zod";
import { isToken } from "../../http/chars.ts";
import { parsed, wants } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { overrides, section } from "./section.ts";
import { suggest } from "../../base/suggest.ts";
import { writtenAs } from "../values/written.ts";

/** Parts of a request that a key can be, by themselves or with a name after them. */
const PLAIN = ["client", "path", "uri"] as const;
const NAMED = ["header", "cookie", "query"] as const;

/** What `parseHashSource` accepts, in words, for error messages. */
export const KEY_FORM = '"client", "path", "uri", "header(name)", "cookie(name)" or "query(name)"';

/** What one looks like. */
export const KEY = /^(?:client|path|uri|(?:header|cookie)\([\w!#$%&'*+.^`|~-]+\)|query\(.+\))$/u;

export interface HashSource {
  readonly subject: (typeof PLAIN)[number] | (typeof NAMED)[number];
  /** Name of the header, in lower case, of the cookie or of the parameter; empty for the others. */
  readonly argument: string;
}

/** Parses `client`, `path`, `uri`, `header(name)`, `cookie(name)` or `query(name)`; throws a RangeError. */
export function parseHashSource(text: string): HashSource {
  const [, word, argument = ""] = /^(\w+)(?:\((.+)\))?$/u.exec(text) ?? [];
  const plain = PLAIN.find((subject) => subject === word);
  if (plain !== undefined && argument === "") return { subject: plain, argument };
  const named = NAMED.find((subject) => subject === word);
  if (named !== undefined && (named === "query" ? argument !== "" : isToken(argument))) {
    return { subject: named, argument: named === "header" ? argument.toLowerCase() : argument };
  }
  const near = argument === "" ? suggest(text, PLAIN) : undefined;
  throw new RangeError(refuseValue(text, KEY_FORM, near));
}

const FACTOR_FORM = "0, which is off, or a number from 1.1 to 100";

const hash = {
  /** The key: requests with the same one go to the same server. */
  on: parsed(KEY_FORM, parseHashSource, KEY).prefault("client"),
  /** How many times its share of the requests under way a server may have; 0 is no bound. */
  load_factor: writtenAs(
    z.number(wants(FACTOR_FORM)).refine(
      (factor) => factor === 0 || (factor >= 1.1 && factor <= 100),
      wants(FACTOR_FORM),
    ),
    { either: [0, z.number().min(1.1).max(100)] },
  ).prefault(0),
};

/** What the policy `hash` goes by. */
export const hashSchema = section(hash);

/** The same keys in a backend, where each overrides the default. */
export const hashOverridesSchema = section(overrides(hash));

export type HashConfig = Frozen<z.output<typeof hashSchema>>;
