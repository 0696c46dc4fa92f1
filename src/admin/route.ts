import type { z } from "zod";
import type { LogFields } from "../base/log-event.ts";

/** A request of an operator, checked: it may be answered. */
export interface AdminRequest<Query = unknown, Body = unknown> {
  readonly method: string;
  /** What stands in the path where the route has `{name}`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  readonly headers: Headers;
  /** Who asks: the address of the peer, or `unix`. */
  readonly who: string;
}

/** What a write has changed: it is answered, and logged. */
export interface Change {
  /** The answer, as JSON. */
  readonly value: unknown;
  readonly status?: number;
  /** What the log says of it, besides who asked; undefined where nothing was changed. */
  readonly log?: LogFields & { readonly what: string };
}

/** What every route has, as the app and its description need it. */
interface Described {
  /** With names in braces, `/api/backends/{backend}`. */
  readonly path: string;
  /** For the description: what it does, in one sentence. */
  readonly summary: string;
  /** What an answer holds: a schema of its JSON, or a media type, or several to choose from by Accept. */
  readonly answers: z.ZodType | string | readonly string[];
  /** Statuses other than 200 that it answers with, and when. */
  readonly statuses?: Readonly<Record<number, string>>;
  /** Whether everybody who reaches the address may ask, under any name: it tells nothing that is not for them. */
  readonly open?: boolean;
}

/** A route that reads. */
export interface ReadRoute<Query extends z.ZodType = z.ZodType> extends Described {
  readonly method: "GET";
  readonly query?: Query;
  read(request: AdminRequest<z.output<Query>>): Response | Promise<Response>;
}

/** A route that changes something. */
export interface WriteRoute<Query extends z.ZodType = z.ZodType, Body extends z.ZodType = z.ZodType>
  extends Described {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly query?: Query;
  readonly body?: Body;
  /** Bytes that the body may have, where that is more than usual. */
  readonly bodySize?: number;
  write(request: AdminRequest<z.output<Query>, z.output<Body>>): Change | Promise<Change>;
}

/** One line of the table that both the app and its description are made of. */
export type AdminRoute = ReadRoute | WriteRoute;

/** A route that reads; its query is of the type that its schema gives. */
export function readRoute<Query extends z.ZodType>(route: Omit<ReadRoute<Query>, "method">): AdminRoute {
  return { ...route, method: "GET" } as AdminRoute;
}

/** A route that writes; its query and body are of the types that their schemas give. */
export function writeRoute<Query extends z.ZodType, Body extends z.ZodType>(
  route: WriteRoute<Query, Body>,
): AdminRoute {
  return route as unknown as AdminRoute;
}

/** Why a request is not served. It becomes an answer, never a failure. */
export class AdminRefusal extends Error {
  readonly status: number;
  /** What would be accepted, each in words. */
  readonly accepted: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** All that is wrong, where that is more than the message says. */
  readonly problems: readonly string[];

  constructor(
    status: number,
    message: string,
    { accepted = [], headers = {}, problems = [] }: {
      accepted?: readonly string[];
      headers?: Readonly<Record<string, string>>;
      problems?: readonly string[];
    } = {},
  ) {
    super(message);
    this.name = "AdminRefusal";
    this.status = status;
    this.accepted = accepted;
    this.headers = headers;
    this.problems = problems;
  }
}
