import type { Backend } from "../backend/backend.ts";
import type { Fields } from "../http/fields.ts";
import type { BodySource } from "../message/body.ts";
import { ReplayableBody } from "../message/replay.ts";
import type { Course } from "./course.ts";
import type { ExpectationTimes } from "./expectation.ts";
import type { IdentityPolicy } from "./identity.ts";
import type { RequestEdits } from "./shape.ts";

/** What of an outgoing request comes from the client's, as its course has it. */
export type OutgoingParts = Pick<
  Outgoing,
  "course" | "method" | "target" | "fields" | "body" | "repeatable" | "upgrade" | "prefix" | "asksFirst"
>;

/** What is sent, whichever server gets it. What is the same for every request of a course is asked of the course. */
export class Outgoing {
  /** The course that it was made for. */
  readonly course: Course;
  /** Whose servers get it: the course's, or in its place another's. */
  readonly backend: Backend;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly fields: Fields;
  readonly body: BodySource | null;
  /** Whether it may be sent again though a server may have got it: its method is idempotent, or the operator takes it for that. */
  readonly repeatable: boolean;
  /** The protocols to ask for, or undefined. */
  readonly upgrade: string | undefined;
  /** What was taken off the front of the client's path, or undefined. */
  readonly prefix: string | undefined;
  /** Whether its client waits to be asked for the body. */
  readonly asksFirst: boolean;
  /** Attempts that were made before, for another backend: they are not this one's. */
  readonly attemptsBefore: number = 0;
  /** Whether a part of the body may have been sent. */
  bodyStarted = false;
  /** Whether a byte of an answer came to an attempt that failed: nothing is repeated any more. */
  heard = false;
  /** When this attempt began to want a connection, of this server or of others before; undefined until it does. */
  waitingSince: number | undefined = undefined;

  constructor(parts: OutgoingParts) {
    this.course = parts.course;
    this.backend = parts.course.backend;
    this.method = parts.method;
    this.target = parts.target;
    this.fields = parts.fields;
    this.body = parts.body;
    this.repeatable = parts.repeatable;
    this.upgrade = parts.upgrade;
    this.prefix = parts.prefix;
    this.asksFirst = parts.asksFirst;
  }

  /** The same with `changes`. */
  with(
    changes: Partial<Pick<Outgoing, "backend" | "attemptsBefore" | "heard" | "waitingSince" | "asksFirst">>,
  ): Outgoing {
    return Object.assign(new Outgoing(this), this, changes);
  }

  /** The body where it can be started again. */
  get replay(): ReplayableBody | undefined {
    return this.body instanceof ReplayableBody ? this.body : undefined;
  }

  /** Whether it may be sent again where a connection that was used before dies without a byte of an answer. */
  get resendsStale(): boolean {
    return this.course.backend.config.retries.staleConnection;
  }

  get policy(): IdentityPolicy {
    return this.course.policy;
  }

  /** What a route changes of the fields. */
  get edits(): RequestEdits | undefined {
    return this.course.shape?.request;
  }

  /** Whether servers see their own Host. */
  get rewritesHost(): boolean {
    return this.straight && this.backend.config.hostHeader === "rewrite";
  }

  /** What Via calls this proxy; false where none is sent. */
  get via(): string | false {
    return this.backend.config.via ?? this.course.policy.via;
  }

  /** Time to the head of the answer, in ms, where a route has its own. */
  get responseMs(): number | undefined {
    return this.course.shape?.responseMs;
  }

  /** Silence that ends an answer or a body under way, in ms, where a route has its own. */
  get idleMs(): number | undefined {
    return this.course.shape?.idleMs;
  }

  /** How long a server may leave a client waiting that asks first; undefined for all others. */
  get expectation(): ExpectationTimes | undefined {
    return this.asksFirst ? this.course.backend.config.timeouts : undefined;
  }

  /** Whether the server itself is where a tunnel leads: then nothing is sent, a connection is all. */
  get straight(): boolean {
    return this.course.relayTarget === undefined;
  }
}
