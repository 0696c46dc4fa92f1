import { ProxyError } from "../base/errors.ts";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { witnessAgainst } from "../backend/witness.ts";
import { discardBody } from "../message/discard.ts";
import type { Exchange } from "../message/exchange.ts";
import { IncomingRequest } from "../message/incoming-request.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { Outgoing } from "./outgoing.ts";

/** Time that a copy and its answer get, in ms. */
const COPY_MS = 5000;
/** Bytes of the answer that are read so that its connection can be used again; a longer one is broken off. */
const MAX_DISCARDED_BYTES = 64 * 1024;
/** Methods whose requests change nothing, so that a copy may be sent unasked (RFC 9110 §9.2.1). */
const COPIED: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

const TOO_LONG = new ProxyError("client_closed", "The answer to a copy is too long");

/** What a suspect has answered to a request. */
export interface Suspicion {
  readonly suspect: Server;
  readonly status: number;
  readonly backend: Backend;
  readonly outgoing: Outgoing;
}

/**
 * Has another server asked what a suspect has failed, where a copy of the request harms nobody. Nobody waits for it: the
 * client has the suspect's answer.
 */
export function askForProof(request: IncomingRequest, suspicion: Suspicion): void {
  const { backend, suspect, outgoing } = suspicion;
  const { method, body, upgrade } = outgoing;
  if (body !== null || upgrade !== undefined || !COPIED.has(method)) return;
  // The operator lets no request reach two servers, and a copy would be the second.
  if (backend.config.retries.attempts === 1 || backend.closed.aborted) return;
  const witness = witnessAgainst(suspect, backend.available);
  if (witness === undefined) return;
  suspect.passive.asksForProof(Math.random());
  queueMicrotask(() => new ProofCopy(request, suspicion).begin(witness)); // after the answer to the client
}

/** A copy of a request on its way to another server. It waits for no connection and is not repeated. */
class ProofCopy implements AttemptOwner {
  readonly #suspicion: Suspicion;
  readonly #exchange: Exchange;
  readonly #request: IncomingRequest;
  readonly #abort = () => this.#exchange.abort("client_closed", "Nobody waits for a copy any longer");
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(request: IncomingRequest, suspicion: Suspicion) {
    this.#suspicion = suspicion;
    this.#exchange = request.exchange.shadow();
    this.#request = new IncomingRequest(request.head, this.#exchange, null);
  }

  begin(witness: Server): void {
    const { backend, outgoing } = this.#suspicion;
    this.#timer = setTimeout(this.#abort, COPY_MS);
    backend.closed.addEventListener("abort", this.#abort, { once: true });
    // It has waited for ever already, so that no queue takes it.
    const copy = outgoing.with({ waitingSince: -Infinity, heard: false, asksFirst: false });
    new Attempt(witness, this.#request, copy, this, false).begin(true);
  }

  onAnswered(attempt: Attempt): void {
    const { suspect, status } = this.#suspicion;
    const { head, body, tunnel } = attempt.answer!;
    suspect.outdone(head.status, status, this.#exchange.client);
    if (body === null || tunnel !== undefined) {
      attempt.drop(TOO_LONG);
      return this.#end();
    }
    const onDone = () => {
      attempt.onDone();
      this.#end();
    };
    discardBody(body, { limit: MAX_DISCARDED_BYTES, reason: TOO_LONG, onDone });
  }

  onFailed(): void {
    this.#end();
  }

  onWithdrawn(): void {
    this.#end();
  }

  #end(): void {
    const { backend, suspect } = this.#suspicion;
    clearTimeout(this.#timer);
    backend.closed.removeEventListener("abort", this.#abort);
    suspect.passive.asked();
  }
}
