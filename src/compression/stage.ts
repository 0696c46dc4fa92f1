import { formatSize } from "../base/units.ts";
import type { CompressConfig } from "../config/sections/compress.ts";
import { preferredCoding } from "../http/accept-encoding.ts";
import type { Fields } from "../http/fields.ts";
import { declaredLength } from "../http/framing.ts";
import { addVary } from "../http/vary.ts";
import { toForwarded } from "../message/answer-form.ts";
import { asResponse, ForwardedResponse } from "../message/forwarded-response.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Stage } from "../message/stage.ts";
import { type Coding, codingsOf } from "./coding.ts";
import { COMPRESSED_BODIES, CompressedBody } from "./compressed-body.ts";
import {
  describeCoded,
  isCoded,
  isOfBytes,
  knowsAsWeak,
  refusesTransform,
  weakenTags,
} from "./representation.ts";
import { TypeList } from "./type-list.ts";

/** Values of Accept-Encoding that are remembered, and how long they are: clients may make them up. */
const MAX_KNOWN = 256, MAX_KNOWN_LENGTH = 256;

/** A tunnel, or without a body, or with a part of one. */
const WITHOUT_WHOLE_BODY: ReadonlySet<number> = new Set([101, 204, 205, 206, 304]);

/** Compresses answers on their way to clients that take that. */
export function compressStage(config: CompressConfig): Stage {
  const { algorithms, minSize } = config;
  const change = new Change(config);
  return {
    words: `compress: ${algorithms.join(", ")} from ${formatSize(minSize)}`,
    around: (next) => (request, taker) =>
      next(request, {
        onAnswer: (exchange, response) => taker.onAnswer(exchange, change.of(response, request)),
        onFailed: (exchange, error) => taker.onFailed(exchange, error),
      }),
  };
}

/** What becomes of answers. */
class Change {
  readonly #types: TypeList;
  readonly #minSize: number;
  readonly #maxStreams: number;
  readonly #codings: ReadonlyMap<string, Coding>;
  /** What there is to choose from. */
  readonly #offered: readonly string[];
  /** What clients get, by their Accept-Encoding. */
  readonly #chosen = new Map<string, Coding | undefined>();

  constructor(config: CompressConfig) {
    this.#types = new TypeList(config.types);
    this.#minSize = config.minSize;
    this.#maxStreams = config.maxStreams;
    this.#codings = new Map(codingsOf(config).map((coding) => [coding.name, coding]));
    this.#offered = config.algorithms;
  }

  /** What the client of `request` is to get of `response`. */
  of(response: Response, request: IncomingRequest): Response {
    const { status } = response;
    const { fields: asked } = request.head;
    if (status === 304) return asked.has("if-none-match") ? this.#notModified(response, request) : response;
    if (WITHOUT_WHOLE_BODY.has(status) || !this.#types.has(typeOf(response))) return response;
    const answer = toForwarded(response, request.exchange);
    answer.settle();
    const fields = answer.takeFields();
    if (refusesTransform(fields)) return asResponse(answer);
    addVary(fields, "Accept-Encoding");
    const coding = isCoded(fields) || !this.#isWorthIt(answer, fields, request.method)
      ? undefined
      : this.#codingFor(asked);
    if (coding !== undefined) {
      describeCoded(fields, coding.name);
      answer.wrapBody((body) => new CompressedBody(body, coding), isOfBytes);
    }
    return asResponse(answer);
  }

  /** A 304 says what the 200 would have said (RFC 9110 §15.4.5): it names the tag as the client knows it. */
  #notModified(response: Response, { head, exchange }: IncomingRequest): Response {
    const answer = toForwarded(response, exchange);
    answer.settle();
    const fields = answer.takeFields();
    if (knowsAsWeak(head.fields, fields)) {
      weakenTags(fields);
      addVary(fields, "Accept-Encoding");
    }
    return asResponse(answer);
  }

  /** Whether it is long enough, or may be where the length is not known, and there is room for another stream. */
  #isWorthIt({ bodyLength }: ForwardedResponse, fields: Fields, method: string): boolean {
    if (COMPRESSED_BODIES.underWay >= this.#maxStreams) return false;
    // What answers HEAD says what it would say to GET.
    const length = method === "HEAD" ? declaredLength(fields) : bodyLength;
    return length === undefined || length >= this.#minSize;
  }

  /** The coding that a client gets. A range is one of the content as it is. */
  #codingFor(asked: Fields): Coding | undefined {
    const accept = asked.get("accept-encoding");
    if (accept === undefined || asked.has("range") || refusesTransform(asked)) return undefined;
    if (this.#chosen.has(accept)) return this.#chosen.get(accept);
    const name = preferredCoding(accept, this.#offered);
    const coding = name === undefined ? undefined : this.#codings.get(name);
    if (accept.length > MAX_KNOWN_LENGTH) return coding;
    if (this.#chosen.size >= MAX_KNOWN) this.#chosen.clear();
    this.#chosen.set(accept, coding);
    return coding;
  }
}

/** Its Content-Type; of a server's answer that nobody has looked at without making Headers of its fields. */
function typeOf(response: Response | ForwardedResponse): string {
  const forwarded = response instanceof ForwardedResponse && !response.touched;
  return (forwarded ? response.takeFields().get("content-type") : response.headers.get("content-type")) ?? "";
}
