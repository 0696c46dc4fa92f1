import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ProxyError } from "../base/errors.ts";
import type { DropsField } from "../http1/encode.ts";
import type { HeadSource } from "../http1/output.ts";
import type { ResponseHead } from "../http1/response-decoder.ts";
import type { BodySource } from "../message/body.ts";

/** A request ready to be sent, and who made it: exactly one of `onAnswer` and `onFailed` is called. */
export interface OutgoingRequest {
  readonly method: string;
  /** Request line and fields with the empty line. */
  readonly head: string | HeadSource;
  readonly body: BodySource | null;
  /** Whether the body goes out in chunks; otherwise its length stands in the head. */
  readonly chunked: boolean;
  /** Which trailer fields of the body are left out. */
  readonly dropsTrailer?: DropsField | undefined;
  /** The protocols that the head offers to switch to, or undefined where a 101 may not come. */
  readonly upgrade: string | undefined;
  /** Time to the head of the answer, in ms, in place of the connection's own; 0 is no limit. */
  readonly responseMs?: number | undefined;
  /** Time between two pieces of a body, in either direction, in ms, in place of the connection's own; 0 is no limit. */
  readonly idleMs?: number | undefined;
  /** Takes interim answers other than 101. */
  onInformational(head: ResponseHead): void;
  /** Takes the answer: its head, its body still to come. */
  onAnswer(answer: Answer): void;
  /** There will be no answer. Called within `send` where the connection turns out to be gone. */
  onFailed(error: ProxyError): void;
  /** The answer is over, with `error` where it broke off. Called once after `onAnswer`, unless that brought a tunnel. */
  onDone(error?: ProxyError): void;
}

/** The answer to a request: its head, and its body or, after a 101 or a 2xx to CONNECT, the connection itself. */
export interface Answer {
  readonly head: ResponseHead;
  readonly body: BodySource | null;
  readonly tunnel?: { readonly socket: Socket; readonly early: Buffer };
}

/** Waits of one connection in milliseconds; 0 waits for ever. */
export interface UpstreamTimeouts {
  /** From the last byte of the request to the head of the answer. */
  readonly response: number;
  /** Between two pieces of a body, in either direction. */
  readonly idle: number;
  /** Unused in the pool, unless the server's hint is shorter. */
  readonly keepAlive: number;
}

/** What the owner of a connection (the pool) learns. */
export interface ConnectionOwner<Connection> {
  /** The exchange is complete and the connection can carry another. */
  onIdle(connection: Connection): void;
  /** The server closed the connection while it was unused; `onGone` follows. */
  onLeft(connection: Connection): void;
  onGone(connection: Connection): void;
}
