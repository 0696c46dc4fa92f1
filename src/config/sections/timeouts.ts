import type { z } from "zod";
import { duration, positiveDuration, wholeNumber } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { overrides, section } from "./section.ts";

/** Timeouts of a frontend's connections; no clock runs over a body as a whole. */
export const downstreamTimeoutsSchema = section({
  /** Time from the first byte of a request, or the accepted connection, to the end of its headers. Never off. */
  request_headers: positiveDuration.prefault("10s"),
  /** Time between two chunks of a request body; 0 is off. */
  body_idle: duration.prefault("60s"),
  /** Bytes per second that a request body must bring on average, looked at every 10 s; 0 is off. */
  body_rate: wholeNumber(0).prefault(100),
  /** Time between two requests of one connection; 0 closes it after each response. */
  keep_alive: duration.prefault("75s"),
  /** Silence of the client after a last response, until which what it sends is read and dropped; 0 closes at once. */
  linger: duration.prefault("2s"),
  /** Time after which no more is read of it, even if the client still sends. */
  linger_limit: positiveDuration.prefault("30s"),
  /** Time in which the client must take some bytes of a response, however few; 0 is off. Twice that may pass. */
  write_idle: duration.prefault("60s"),
});

const upstreamTimeouts = {
  /** Time to open a connection to a server, TLS included. Never off. */
  connect: positiveDuration.prefault("3s"),
  /** Time from the request's last byte to the end of the response headers; 0 is off. */
  response: duration.prefault("30s"),
  /** Time to the server's 100 for a client that asks first whether to send its body; then the proxy asks for it. 0 never does. */
  continue: duration.prefault("0s"),
  /** Time in which no byte of a body moves, of the response or of what is left of the request; 0 is off. */
  idle: duration.prefault("60s"),
  /** An unused connection is kept for this long at most; 0 keeps none. Below the 5 s of uvicorn, Node.js and Apache. */
  keep_alive: duration.prefault("4s"),
  /** Silence in both directions that ends a tunnel; 0 is off. */
  tunnel_idle: duration.prefault("1h"),
  /** Time until the tunnels of a server end that is in drain or maint or gone from the config or from DNS; 0 leaves them. */
  tunnel_drain: duration.prefault("10s"),
  /** Time to wait for a server that is below its `max_connections`; 0 fails at once. */
  queue: duration.prefault("3s"),
};

/** Timeouts toward servers. */
export const upstreamTimeoutsSchema = section(upstreamTimeouts);

/** The same keys in a backend, where each overrides the default. */
export const upstreamTimeoutOverridesSchema = section(overrides(upstreamTimeouts));

export type DownstreamTimeoutsConfig = Frozen<z.output<typeof downstreamTimeoutsSchema>>;

export type UpstreamTimeoutsConfig = Frozen<z.output<typeof upstreamTimeoutsSchema>>;
