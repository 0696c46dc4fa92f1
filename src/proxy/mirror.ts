import { ProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { BodySource } from "../message/body.ts";
import { BytesSource } from "../message/body-bytes.ts";
import { discardBody } from "../message/discard.ts";
import { TappedBody } from "../message/body-tap.ts";
import { IncomingRequest } from "../message/incoming-request.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";

/** Bytes of an answer that are read so that its connection can be used again; a longer one is broken off. */
const MAX_DISCARDED_BYTES = 1024 * 1024;

export interface MirrorRules {
  /** Share of the requests that are copied, from 0 to 1. */
  readonly share: number;
  /** Requests with a longer body are not copied, in bytes. */
  readonly bodyLimit: number;
  /** Copies under way at a time. */
  readonly maxPending: number;
}

export interface MirrorParts {
  readonly backend: Backend;
  /** Sends a copy; its answer, or its failure, is nobody's. */
  readonly send: (copy: IncomingRequest) => Promise<Response>;
  /** Numbers from 0 up to, without, 1. */
  readonly random?: () => number;
}

/**
 * Sends copies of requests to a second backend. A copy goes out when its request is complete, so that it can neither
 * slow it nor make it fail, and what becomes of it is seen only in the metrics of its backend.
 */
export class Mirror {
  readonly #rules: MirrorRules;
  readonly #parts: MirrorParts;
  #pending = 0;

  constructor(rules: MirrorRules, parts: MirrorParts) {
    this.#rules = rules;
    this.#parts = parts;
  }

  /** The body to send in place of `source`: itself, or one that is copied as it goes by. */
  tap(request: IncomingRequest, source: BodySource | null): BodySource | null {
    const { share, bodyLimit, maxPending } = this.#rules;
    const { random = Math.random, backend } = this.#parts;
    if ((source?.length ?? 0) > bodyLimit || this.#pending >= maxPending) return source;
    if (backend.closed.aborted || random() >= share) return source;
    this.#pending++;
    if (source === null) {
      queueMicrotask(() => this.#send(request, null)); // after the request itself
      return null;
    }
    return new TappedBody(source, bodyLimit, {
      onWhole: (bytes) => this.#send(request, new BytesSource(bytes)),
      onLost: () => this.#pending--,
    });
  }

  #send(request: IncomingRequest, body: BodySource | null): void {
    const { backend, send } = this.#parts;
    const exchange = request.exchange.shadow();
    const abort = () => exchange.abort("shutdown", "The backend of the copy is gone");
    const done = () => {
      backend.closed.removeEventListener("abort", abort);
      this.#pending--;
    };
    backend.closed.addEventListener("abort", abort, { once: true });
    send(new IncomingRequest(request.head, exchange, body)).then((answer) => discard(answer, done), done);
  }
}

/** Reads an answer to its end and keeps nothing of it. */
function discard(answer: Response, onDone: () => void): void {
  const body = answer instanceof ForwardedResponse ? answer.takeBody() : null;
  if (body === null || body instanceof ReadableStream) return onDone();
  discardBody(body, { limit: MAX_DISCARDED_BYTES, reason: TOO_LONG, onDone });
}

const TOO_LONG = new ProxyError("client_closed", "The answer to a copy is too long");
