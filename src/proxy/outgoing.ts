import type { Fields } from "../http/fields.ts";
import type { BodySource } from "../message/body.ts";
import type { ReplayableBody } from "../message/replay.ts";
import type { ExpectationTimes } from "./expectation.ts";
import type { IdentityPolicy } from "./identity.ts";
import type { RequestEdits } from "./shape.ts";

/** What is sent, whichever server gets it. */
export interface Outgoing {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: Fields;
  readonly body: BodySource | null;
  /** The body where it can be started again. */
  readonly replay: ReplayableBody | undefined;
  /** Whether it may be sent again though a server may have got it: its method is idempotent, or the operator takes it for that. */
  readonly repeatable: boolean;
  /** Whether it may be sent again where a connection that was used before dies without a byte of an answer. */
  readonly resendsStale: boolean;
  /** Whether a part of the body may have been sent. */
  bodyStarted: boolean;
  /** Whether a byte of an answer came to an attempt that failed: nothing is repeated any more. */
  heard: boolean;
  /** The protocols to ask for, or undefined. */
  readonly upgrade: string | undefined;
  /** Whether servers see their own Host. */
  readonly rewritesHost: boolean;
  readonly policy: IdentityPolicy;
  /** What a route changes of the fields. */
  readonly edits: RequestEdits | undefined;
  /** What was taken off the front of the client's path, or undefined. */
  readonly prefix: string | undefined;
  /** What Via calls this proxy; false where none is sent. */
  readonly via: string | false;
  /** Attempts that were made before, for another backend: they are not this one's. */
  readonly attemptsBefore: number;
  /** When this attempt began to want a connection, of this server or of others before; undefined until it does. */
  waitingSince: number | undefined;
  /** Time to the head of the answer, in ms, where a route has its own. */
  readonly responseMs: number | undefined;
  /** Silence that ends an answer or a body under way, in ms, where a route has its own. */
  readonly idleMs: number | undefined;
  /** How long a server may leave the client waiting that asks first whether to send its body; undefined for all others. */
  readonly expectation: ExpectationTimes | undefined;
  /** Whether the server itself is where a tunnel leads: then nothing is sent, a connection is all. */
  readonly straight: boolean;
}
