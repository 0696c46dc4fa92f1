import type { ProxyError } from "../base/errors.ts";
import type { FieldLine, IncomingRequest } from "../message/incoming-request.ts";

/** The client is who it says. */
export interface AuthGranted {
  /** Its name, for the log; undefined where it has none. */
  readonly user: string | undefined;
  /** What servers are told of it. */
  readonly lines: readonly FieldLine[];
}

/** The client is not let through. */
export interface AuthRefused {
  readonly error: ProxyError;
  /** What it is asked for (WWW-Authenticate), in place of what all ways ask for. */
  readonly challenge?: string | undefined;
  /** What it is answered in place of an error page. */
  readonly answer?: Response | undefined;
}

/** One way in which clients say who they are. */
export interface AuthMethod {
  /** In a few words, without what is secret. */
  readonly words: string;
  /** What it asks for (WWW-Authenticate); undefined where nobody but its server knows. */
  readonly challenge: string | undefined;
  /** Names of fields that it sets for servers. */
  readonly sets: readonly string[];
  /** Whether a request has credentials of this kind, good or bad. */
  presents(request: IncomingRequest): boolean;
  /** Whether those are of its form; where not, a way behind it may have them. */
  fits?(request: IncomingRequest): boolean;
  /** Whether they are good. Rejects, or throws, only where that cannot be found out. */
  check(request: IncomingRequest): AuthGranted | AuthRefused | Promise<AuthGranted | AuthRefused>;
}
