import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { ProxyError, type ProxyErrorKind } from "../../../src/base/errors.ts";
import type { Fields } from "../../../src/http/fields.ts";
import type { Framing } from "../../../src/http/framing.ts";
import type { Decoder } from "../../../src/http1/decoder.ts";
import type { CodecLimits } from "../../../src/http/head-limits.ts";
import { DEFAULT_LIMITS } from "../default-limits.ts";
import { RequestDecoder, type RequestHead } from "../../../src/http1/request-decoder.ts";
import { ResponseDecoder, type ResponseHead } from "../../../src/http1/response-decoder.ts";

/**
 * What a decoder made of some bytes, one line per event:
 *
 * - `GET origin /x HTTP/1.1 a (length 0)` or `200 OK HTTP/1.1 (chunked)`: a head
 * - `field Name: value` for each of its lines, `data …` for the whole body, `trailer Name: value`, `end`
 * - at the end of the bytes `idle` between two messages, `cut` inside one, `closed` where it ends the body
 * - `tunnel …` for what follows a 101, `400 bad_request: message` for a refusal
 */
export type Events = string[];

/** What the decoders are tried with. */
export interface Setup {
  /** Methods of the requests whose answers come, in order; GET where the list ends. */
  readonly methods?: readonly string[];
  readonly limits?: CodecLimits;
  /** Pieces given at a time; with any, one more comes after each step. By default one where more is asked for. */
  readonly ahead?: number;
}

/** Decodes requests that come in `pieces`. */
export function requestEvents(
  pieces: readonly Buffer[],
  { limits = DEFAULT_LIMITS, ahead = 0 }: Setup = {},
): Events {
  return drive(new RequestDecoder(limits), pieces, { ahead, cut: "client_closed", describe: requestLine });
}

/** Decodes answers that come in `pieces`. */
export function responseEvents(
  pieces: readonly Buffer[],
  { methods = [], limits = DEFAULT_LIMITS, ahead = 0 }: Setup = {},
): Events {
  const decoder = new ResponseDecoder(limits);
  let answered = 0;
  decoder.expect(methods[0] ?? "GET");
  return drive(decoder, pieces, {
    ahead,
    cut: "upstream_reset",
    describe: statusLine,
    tunnels: (head) => head.status === 101,
    onEnd: (head) => head.status >= 200 && decoder.expect(methods[++answered] ?? "GET"),
  });
}

/** The events of requests in `text`, which is latin1; asserts that they are the same however the bytes are split. */
export function requests(text: string, setup?: Setup): Events {
  return everySplit(text, (pieces, ahead) => requestEvents(pieces, { ...setup, ahead }));
}

/** The events of answers in `text`, which is latin1; asserts that they are the same however the bytes are split. */
export function responses(text: string, setup?: Setup): Events {
  return everySplit(text, (pieces, ahead) => responseEvents(pieces, { ...setup, ahead }));
}

/**
 * Decodes `text` whole, in two pieces cut at every byte, and byte by byte, as they are asked for and ahead of that;
 * asserts that all agree.
 */
function everySplit(text: string, decode: (pieces: readonly Buffer[], ahead: number) => Events): Events {
  const bytes = Buffer.from(text, "latin1");
  const whole = decode([bytes], 0);
  // A long text is cut at a prime stride, and at its last bytes, where limits strike.
  const stride = bytes.length <= 2048 ? 1 : 509;
  for (let cut = 1; cut < bytes.length; cut += bytes.length - cut <= 32 ? 1 : stride) {
    same(decode([bytes.subarray(0, cut), bytes.subarray(cut)], 0), whole, `cut at ${cut}`);
  }
  const single: Buffer[] = [];
  for (let at = 0; at < bytes.length; at++) single.push(bytes.subarray(at, at + 1));
  for (const ahead of [0, 2, bytes.length]) {
    same(decode(single, ahead), whole, `byte by byte, ${ahead} of them ahead`);
  }
  return whole;
}

/** Whether the events end with a refusal. */
export function refusalOf(events: Events): string | undefined {
  const last = events.at(-1)!;
  return /^[45]\d\d [a-z_]+: /.test(last) ? last : undefined;
}

interface Role<Head> {
  readonly ahead: number;
  readonly cut: ProxyErrorKind;
  readonly describe: (head: Head) => string;
  readonly tunnels?: (head: Head) => boolean;
  readonly onEnd?: (head: Head) => unknown;
}

function drive<Head extends { fields: Fields }>(
  decoder: Decoder<Head>,
  pieces: readonly Buffer[],
  role: Role<Head>,
): Events {
  const events: Events = [];
  let data = "";
  let given = 0;
  let steps = 0;
  let stepsAllowed = 2;
  const give = () => {
    const piece = pieces[given++]!;
    // Each step but `more` takes a byte or ends a message, whose head took some.
    stepsAllowed += 2 * piece.length + 1;
    decoder.push(piece);
  };
  const endBody = () => {
    if (data !== "") events.push("data " + data);
    data = "";
  };
  try {
    for (;;) {
      if (++steps > stepsAllowed) throw new Error("The decoder goes round without taking bytes");
      const step = decoder.next();
      if (step === "more") {
        if (decoder.unread !== 0) throw new Error("The decoder asks for more and has not read all");
        if (given === pieces.length) break;
        for (let left = Math.max(1, role.ahead); left > 0 && given < pieces.length; left--) give();
        continue;
      }
      if (step === "data") data += decoder.data.toString("latin1");
      else if (step === "head") {
        const { head } = decoder;
        events.push(role.describe(head));
        for (let i = 0; i < head.fields.size; i++) events.push(line("field", head.fields, i));
        if (role.tunnels?.(head) === true) {
          const rest = Buffer.concat([decoder.takeRest(), ...pieces.slice(given)]);
          events.push("tunnel " + rest.toString("latin1"));
          return events;
        }
      } else {
        endBody();
        const { trailers } = decoder;
        if (trailers !== undefined) {
          for (let i = 0; i < trailers.size; i++) events.push(line("trailer", trailers, i));
        }
        events.push("end");
        role.onEnd?.(decoder.head);
      }
      if (role.ahead > 0 && given < pieces.length) give();
    }
    const closed = decoder.finish(role.cut);
    endBody();
    events.push(closed ? "closed" : "idle");
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    endBody();
    events.push(error.kind === role.cut ? "cut" : `${error.status} ${error.kind}: ${error.message}`);
  }
  return events;
}

function requestLine({ method, target, minorVersion, authority, framing }: RequestHead): string {
  // The authority of an absolute- or authority-form is the one the request is for; a difference would show here.
  const named = target.authority === undefined || target.authority === authority
    ? ""
    : ` ${target.authority}!`;
  const form = target.scheme === undefined ? target.form : `${target.form} ${target.scheme}`;
  return `${method} ${form} ${target.path} HTTP/1.${minorVersion} ${authority}${named} (${framed(framing)})`;
}

function statusLine({ status, reason, minorVersion, framing }: ResponseHead): string {
  return `${status} ${reason} HTTP/1.${minorVersion} (${framed(framing)})`;
}

function framed(framing: Framing): string {
  return framing.kind === "length" ? `length ${framing.length}` : framing.kind;
}

function line(word: string, fields: Fields, i: number): string {
  return `${word} ${fields.name(i)}: ${fields.value(i)}`;
}

/** Asserts the same events; of a refusal the kind counts, not the words. */
function same(actual: Events, expected: Events, how: string): void {
  if (actual.length === expected.length && actual.every((event, i) => alike(event, expected[i]!))) return;
  assert.deepEqual({ how, events: actual }, { how, events: expected });
}

function alike(a: string, b: string): boolean {
  if (a === b) return true;
  const kind = /^[45]\d\d [a-z_]+: /.exec(a)?.[0];
  return kind !== undefined && b.startsWith(kind);
}
