import type { z } from "zod";
import { duration } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { section } from "./section.ts";

/** How the proxy stops. */
export const shutdownSchema = section({
  /** Time before the drain in which all goes on, while /ready and `ready_path` say that the proxy is to get no more. */
  delay: duration.prefault("0s"),
  /** Time that open requests and tunnels get to finish; 0 cuts them at once. */
  drain_timeout: duration.prefault("10s"),
  /**
   * Time in which a kept connection may still bring a request, which is answered with Connection: close; then unused ones
   * are closed. It must cover a client's round trip.
   */
  grace: duration.prefault("1s"),
});

export type ShutdownConfig = Frozen<z.output<typeof shutdownSchema>>;
