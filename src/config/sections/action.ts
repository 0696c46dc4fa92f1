import { z } from "zod";
import { isToken } from "../../http/chars.ts";
import { duration, flag, parsed, share, size, text, wants, wholeNumber } from "../values/value-types.ts";
import { KEY, KEY_FORM, parseHashSource } from "./hash.ts";
import { answerEditsSchema, replacedHeadersSchema, requestEditsSchema } from "./header-edits.ts";
import { refuseValue } from "../problems/wording.ts";
import { onStatusSchema } from "./on-status.ts";
import { redirectSchema } from "./redirect.ts";
import { body, respondSchema } from "./respond.ts";
import { pattern, rewriteCookiesSchema, rewriteLocationSchema } from "./rewrites.ts";
import { section } from "./section.ts";
import { ownStageKeys, STAGE_KEYS, type StageKey } from "./stages.ts";
import { pathPrefix, target } from "../values/paths.ts";
import type { Frozen } from "../freeze.ts";
import { exactlyOne, type JsonSchemaPart, needs, notBoth } from "../values/written.ts";

const METHOD_FORM = 'a method such as "POST", but neither HEAD, CONNECT nor TRACE';

/** No method becomes HEAD: its answer has no body, whatever it says of its length, so the client would wait for one. */
export const method = parsed(METHOD_FORM, (word) => {
  if (isToken(word) && !["HEAD", "CONNECT", "TRACE"].includes(word.toUpperCase())) return word;
  throw new RangeError(refuseValue(word, METHOD_FORM));
}, /^(?!(?:[hH][eE][aA][dD]|[cC][oO][nN][nN][eE][cC][tT]|[tT][rR][aA][cC][eE])$)[\w!#$%&'*+.^`|~-]+$/);

/** What `split_on` looks like. */
const SPLIT_KEY = new RegExp(`^random$|${KEY.source}`, "u");

const backendName = text("the name of a backend");

/** A second backend that gets copies of requests; its answers are thrown away. */
const mirrorSchema = section({
  /** Name of the backend that gets them. @example "shadow" */
  backend: backendName,
  /** Share of the requests that are copied. */
  share: share.prefault(1),
  /** Requests with a larger body are not copied. */
  body_limit: size.prefault("64KiB"),
  /** Copies under way at a time; beyond it none is made. */
  max_pending: wholeNumber(1, 10_000).prefault(100),
});

/**
 * What is done with the requests that a rule or a route takes: these keys stand in both. Defaults are filled in where
 * they are used: there may be tens of thousands of routes, and a section that is not there costs nothing.
 */
export const actionKeys = {
  /** Name of the backend that answers. @example "app" */
  backend: backendName.exactOptional(),
  /**
   * Backends that share the requests, by their weights; see `split_on`.
   * @example { stable = 9, canary = 1 }
   */
  split: z.record(z.string(), wholeNumber(0, 1_000_000), wants("a table of weights by backend"))
    .exactOptional(),
  /** What decides between them: `"random"`, or the key whose requests go the same way, as `hash.on` of a backend; else the client. */
  split_on: parsed(
    `"random", ${KEY_FORM}`,
    (word) => word === "random" ? word : parseHashSource(word),
    SPLIT_KEY,
  )
    .exactOptional(),
  /** Sends the client elsewhere: an address alone, or a table with its status. */
  redirect: redirectSchema.exactOptional(),
  respond: respondSchema.exactOptional(),
  mirror: mirrorSchema.exactOptional(),
  /** Taken away at the front of the path, up to the end of a segment. @example "/api" */
  strip_prefix: pathPrefix.exactOptional(),
  /** Target in place of the path; its query comes before the client's. @example "/index.html" */
  replace_path: target.exactOptional(),
  /** What `pattern` finds in the path first is replaced, `$1` by its first group. */
  rewrite_path: section({
    /** What is looked for. @example "^/old/(.*)" */
    pattern,
    /** What is put in its place. @example "/new/$1" */
    replacement: z.string(wants("a text")).regex(/^[!-"$-~]*$/, wants("a text without blanks and fragment")),
  })
    .exactOptional(),
  /** Put before the path, after all other changes of it. @example "/v2" */
  add_prefix: pathPrefix.exactOptional(),
  /** Whether the server gets the query of the client. */
  forward_query: flag.prefault(true),
  /** Method in place of the client's. */
  method: method.exactOptional(),
  /** Body in place of the client's. @example "{}" */
  body: body.exactOptional(),
  request_headers: requestEditsSchema.exactOptional(),
  /** In place of all header fields of the client, and of those about it. @example { User-Agent = "sluice" } */
  override_headers: replacedHeadersSchema.exactOptional(),
  response_headers: answerEditsSchema.exactOptional(),
  /** What becomes of Location and its kin; `server` where nothing is said. */
  rewrite_location: rewriteLocationSchema.exactOptional(),
  /** What becomes of Domain and Path of cookies; `server` where nothing is said. */
  rewrite_cookies: rewriteCookiesSchema.exactOptional(),
  /** Time to the head of the answer, in place of the backend's `timeouts.response`. @example "60s" */
  response_timeout: duration.exactOptional(),
  /** Time between two pieces of a body, in place of the backend's `timeouts.idle`; 0 is off. @example "10m" */
  idle_timeout: duration.exactOptional(),
  /** What is done in place of sending an answer of such a status on, or of answering such a failure. */
  on_status: onStatusSchema.exactOptional(),
  /**
   * Silence of an event stream in which its client gets a comment; 0 is off, as where nothing is said.
   * @example "15s"
   */
  heartbeat: duration.exactOptional(),
  ...ownStageKeys,
};

/** Those that say who answers. */
export const ANSWER_KEYS = ["backend", "split", "redirect", "respond"] as const;

/** Those that change a request on its way to a server, or the answer on its way back. */
export const CHANGE_KEYS = Object.keys(actionKeys).filter((key): key is ChangeKey =>
  !([...ANSWER_KEYS, ...STAGE_KEYS] as readonly string[]).includes(key)
);

/** What a rule or a route has to have, and cannot have together. */
export const actionRules: readonly JsonSchemaPart[] = [
  exactlyOne(...ANSWER_KEYS),
  needs("split_on", "split"),
  ...CHANGE_KEYS.flatMap((key) => [notBoth("redirect", key), notBoth("respond", key)]),
];

export type ChangeKey = Exclude<keyof typeof actionKeys, (typeof ANSWER_KEYS)[number] | StageKey>;

const actionSchema = section(actionKeys);

/** What is done with requests, output of `actionKeys` in a section. */
export type ActionConfig = Frozen<z.output<typeof actionSchema>>;
