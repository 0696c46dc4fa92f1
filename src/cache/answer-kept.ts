import { type ByteRange, parseByteRange } from "../http/byte-range.ts";
import { parseHttpDate } from "../http/date.ts";
import { entityTags, stronglyEqual, weaklyEqual } from "../http/entity-tag.ts";
import { Fields } from "../http/fields.ts";
import { reasonPhrase } from "../http/status.ts";
import { type AnswerHead, asResponse, ForwardedResponse } from "../message/forwarded-response.ts";
import { ANYTHING, type Asked } from "./asked.ts";
import type { CacheStatusLine, KeptAnswer } from "./kept-answer.ts";

/** What a 304 leaves out: it describes content that does not come with it (RFC 9110 §15.4.5). */
const OF_CONTENT = /^content-(?!location|security)/;

/** A kept answer is not to be taken for weaker than it is: a Last-Modified this close to its Date may name two versions. */
const STRONG_MS = 1000;

/** How a kept answer is sent. */
export interface SentKept {
  readonly method: string;
  readonly asked: Asked;
  readonly now: number;
  readonly status: CacheStatusLine | undefined;
}

/** `kept` as the answer to a request: all of it, or what its conditions and its range leave (RFC 9110 §13 and §14). */
export function answerKept(kept: KeptAnswer, { method, asked, now, status }: SentKept): Response {
  const { body } = kept;
  const lines = kept.lastLines(now, status);
  const isHead = method === "HEAD";
  if (asked !== ANYTHING && kept.status === 200) {
    if (isUnchanged(kept, asked)) {
      const fields = lines.settle(kept.fields);
      fields.removeWhere(({ lower }) => OF_CONTENT.test(lower));
      return asResponse(new ForwardedResponse({ status: 304, reason: "Not Modified", fields }, null));
    }
    const range = isHead ? undefined : rangeOf(kept, asked);
    if (range === "none") return unsatisfied(kept);
    if (range !== undefined) {
      const fields = lines.settle(kept.fields);
      fields.append("Content-Range", `bytes ${range.from}-${range.to - 1}/${body.length}`);
      const head = { status: 206, reason: "Partial Content", fields };
      return asResponse(new ForwardedResponse(head, body.read(range.from, range.to)));
    }
  }
  const source = isHead || body.length === 0 ? null : body.read(0, body.length);
  return asResponse(new ForwardedResponse(kept, source, { unsettled: lines }));
}

/** Whether the client has it already (RFC 9110 §13.1.2 and §13.1.3, RFC 9111 §4.3.2). */
function isUnchanged(kept: KeptAnswer, { ifNoneMatch, ifModifiedSince }: Asked): boolean {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === "*") return true;
    const { etag } = kept;
    return etag !== undefined && entityTags(ifNoneMatch)?.some((tag) => weaklyEqual(tag, etag)) === true;
  }
  if (ifModifiedSince === undefined) return false;
  const since = parseHttpDate(ifModifiedSince, kept.date);
  return since !== undefined && changedAt(kept) <= since;
}

/** When its content last changed, as far as is known. */
function changedAt({ lastModified, date }: KeptAnswer): number {
  return (lastModified === undefined ? undefined : parseHttpDate(lastModified, date)) ?? date;
}

/** The part that is asked for; undefined for all of it. */
function rangeOf(kept: KeptAnswer, { range, ifRange }: Asked): ByteRange | "none" | undefined {
  if (range === undefined || (ifRange !== undefined && !isSame(kept, ifRange))) return undefined;
  return parseByteRange(range, kept.body.length);
}

/** Whether it is still what the client has a part of (RFC 9110 §13.1.5). */
function isSame({ etag, lastModified, date }: KeptAnswer, ifRange: string): boolean {
  if (/^(?:W\/)?"/.test(ifRange)) return etag !== undefined && stronglyEqual(ifRange, etag);
  if (lastModified !== ifRange) return false;
  const changed = parseHttpDate(lastModified, date);
  return changed !== undefined && changed + STRONG_MS <= date;
}

function unsatisfied({ body }: KeptAnswer): Response {
  const fields = new Fields();
  fields.append("Content-Range", `bytes */${body.length}`);
  const head: AnswerHead = { status: 416, reason: reasonPhrase(416), fields };
  return asResponse(new ForwardedResponse(head, null));
}
