import { ProxyError } from "../base/errors.ts";
import { TICK } from "../base/tick.ts";
import { isEventStream } from "../http/event-stream.ts";
import type { Fields } from "../http/fields.ts";
import { declaredLength } from "../http/framing.ts";
import type { BodySource } from "../message/body.ts";
import { StreamSource } from "../message/body-stream.ts";
import { TappedBody } from "../message/body-tap.ts";
import { discardBody } from "../message/discard.ts";
import type { Exchange } from "../message/exchange.ts";
import { type AnswerExtras, asResponse, ForwardedResponse } from "../message/forwarded-response.ts";
import type { Wake } from "./flight.ts";
import { KeptAnswer } from "./kept-answer.ts";
import { KeptBody } from "./kept-body.ts";
import { withoutOwn } from "./own-lines.ts";
import { type Terms, termsOf } from "./terms.ts";
import { variantOf } from "./vary.ts";
import { type CacheWay, type FetchParts, keyOf, type Passing } from "./passing.ts";

const UNASKED = new ProxyError("client_closed", "Nobody wants what cannot be kept");

const FIRST_BYTES = 16 * 1024;

/** What an answer is taken in with. */
interface FillParts extends FetchParts {
  readonly exchange: Exchange;
  /** When the server was asked, in ms since 1970. */
  readonly requestedAt: number;
  /** Wakes those who wait. */
  readonly land: (how: Wake) => void;
  /** What nobody waited for is done. */
  readonly over: () => void;
}

/** An answer of a server, taken apart. */
interface Incoming {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  readonly source: BodySource | null;
  readonly extras: AnswerExtras;
  /** In ms since 1970. */
  readonly receivedAt: number;
}

/** An answer of a server as it comes in: it is kept where it may be, while it goes to the client. */
export class Arrival {
  /** Whether it is kept, as far as its head says. */
  isKept = false;
  readonly #way: CacheWay;
  readonly #passing: Passing;
  readonly #parts: FillParts;
  /** How those who wait go on, where the head decides that. */
  #wake: Wake | undefined;

  constructor(way: CacheWay, passing: Passing, parts: FillParts) {
    this.#way = way;
    this.#passing = passing;
    this.#parts = parts;
  }

  /** Takes `response` in, and returns what the client gets of it. */
  take(response: ForwardedResponse): Response {
    const { store } = this.#way.parts;
    const incoming = open(response);
    const { source } = incoming;
    const terms = this.#termsOf(incoming);
    const length = source === null ? 0 : source.length;
    if (terms === undefined || !this.#fits(length)) {
      const { key, outdated } = this.#parts.flight;
      // What fails now may be kept when it goes well again; without a key it says something of this client alone.
      if (incoming.status < 500 && key !== undefined && !outdated) this.#share(false);
      return this.#passOn(incoming);
    }
    if (!store.reserve(length ?? this.#firstBytes)) return this.#passOn(incoming);
    this.isKept = true;
    const isFresh = terms.lifetime > terms.age;
    if (length === undefined) return this.#tap(incoming, terms);
    this.#share(terms.lifetime > 0);
    this.#wake = isFresh ? "look" : "alone";
    return this.#keep(incoming, terms, length);
  }

  /** The client has its answer: those who waited go on. */
  settle(): void {
    if (this.#wake !== undefined) this.#parts.land(this.#wake);
  }

  #termsOf({ status, fields, receivedAt }: Incoming): Terms | undefined {
    const { asked: { noStore, authorized } } = this.#passing;
    const { flight, requestedAt } = this.#parts;
    if (noStore || flight.outdated || isEventStream(fields)) return undefined;
    return termsOf({ status, fields, requestedAt, receivedAt, authorized }, this.#way.rules);
  }

  /** Bytes that are reserved for one whose length nobody knows, until more come: clients may take it slowly, and never to its end. */
  get #firstBytes(): number {
    return Math.min(FIRST_BYTES, this.#way.parts.store.config.objectSize);
  }

  #fits(length = 0): boolean {
    return length <= this.#way.parts.store.config.objectSize;
  }

  /** Whether requests for the same may wait for one another from now on. */
  #share(shares: boolean): void {
    this.#way.parts.store.setUnshared(keyOf(this.#passing), shares ? undefined : TICK.now());
  }

  /** One whose length is known is kept from its head on: others read it while it comes in. */
  #keep(incoming: Incoming, terms: Terms, length: number): Response {
    const { store } = this.#way.parts;
    const { behind, exchange, over } = this.#parts;
    const body = KeptBody.expecting(length, behind !== undefined);
    const kept = this.#make(incoming, incoming.fields, terms, body);
    store.keep(kept);
    if (behind === undefined) exchange.letGo(); // it is not this client's alone
    const onWhole = () => {
      store.free(length);
      over();
    };
    const onLost = () => {
      store.drop(kept);
      onWhole();
    };
    if (incoming.source === null) onWhole();
    else body.fill(incoming.source, { onWhole, onLost });
    const { ifNoneMatch, ifModifiedSince, range } = this.#passing.asked;
    if ((ifNoneMatch ?? ifModifiedSince ?? range) !== undefined) {
      const status = this.#way.lineOf(`fwd=${this.#why()}; stored`);
      return this.#way.answerOf(this.#passing, kept, TICK.now(), status);
    }
    return this.#send(
      incoming,
      behind !== undefined || length === 0 ? null : body.read(0, length),
      "; stored",
    );
  }

  /** Any other is kept once it is whole; it comes as fast as this client takes it. */
  #tap(incoming: Incoming, terms: Terms): Response {
    const { store } = this.#way.parts;
    const { objectSize } = store.config;
    let reserved = this.#firstBytes;
    const { behind, exchange, flight, land, over } = this.#parts;
    const fields = incoming.fields.copy();
    flight.begun = true;
    const done = (how: Wake) => {
      store.free(reserved);
      land(how);
      over();
    };
    const tap = new TappedBody(incoming.source!, objectSize, {
      onWhole: (bytes) => {
        this.#share(terms.lifetime > 0);
        if (!flight.outdated) store.keep(this.#make(incoming, fields, terms, KeptBody.of(bytes.slice())));
        done("look");
      },
      onLost: () => {
        const isGone = exchange.aborted !== undefined;
        if (!isGone) this.#share(false);
        done(isGone ? "again" : "alone");
      },
      takes: (bytes) => {
        if (bytes <= reserved) return true;
        const more = Math.min(objectSize, Math.max(bytes, 2 * reserved)) - reserved;
        if (!store.reserve(more)) return false;
        reserved += more;
        return true;
      },
    });
    if (behind !== undefined) discardBody(tap, { limit: objectSize, reason: UNASKED });
    return this.#send(incoming, behind === undefined ? tap : null, "; stored");
  }

  /** One that may not be kept. */
  #passOn(incoming: Incoming): Response {
    const { behind, flight, over } = this.#parts;
    const { source } = incoming;
    this.#wake = flight.outdated ? "look" : "alone";
    if (behind === undefined) return this.#send(incoming, source, "");
    source?.cancel(UNASKED);
    over();
    return this.#send(incoming, null, "");
  }

  #make(incoming: Incoming, fields: Fields, terms: Terms, body: KeptBody): KeptAnswer {
    const { request, url, origin, fields: asked } = this.#passing;
    const { status, reason, receivedAt } = incoming;
    const variant = variantOf(fields, asked);
    return KeptAnswer.of(
      { url, origin, status, reason, variant, terms, receivedAt, now: TICK.now(), body },
      withoutOwn(fields, this.#way.parts.course.ownLines, request),
    );
  }

  #send({ status, reason, fields, extras }: Incoming, body: BodySource | null, stored: string): Response {
    this.#way.mark(fields, `fwd=${this.#why()}${stored}`);
    const head = { status, reason, fields };
    this.#parts.exchange.answer = head;
    return asResponse(new ForwardedResponse(head, body, extras));
  }

  /** Why a server was asked, in the words of RFC 9211 §2.2. */
  #why(): string {
    const { kept } = this.#parts;
    if (kept === undefined) return "miss";
    return kept.freshUntil > TICK.now() ? "request" : "stale";
  }
}

function open(response: ForwardedResponse): Incoming {
  response.settle();
  const { sentStatus: status, statusText: reason, dropsTrailer } = response;
  const fields = response.takeFields();
  const body = response.takeBody();
  const source = body instanceof ReadableStream ? new StreamSource(body, declaredLength(fields)) : body;
  return { status, reason, fields, source, extras: { dropsTrailer }, receivedAt: Date.now() };
}
