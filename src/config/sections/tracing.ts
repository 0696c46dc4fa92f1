import { z } from "zod";
import { refuseValue } from "../problems/wording.ts";
import {
  choice,
  flag,
  parsed,
  positiveDuration,
  share,
  text,
  wants,
  wholeNumber,
} from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { headerTable, headerValue, reserved } from "../values/headers.ts";
import { section } from "./section.ts";

const ENDPOINT_FORM =
  '"http://host:port" or "https://…" of a collector that takes OTLP over HTTP; without a path /v1/traces is meant';
const ENDPOINT = /^[hH][tT][tT][pP][sS]?:\/\/[^\s\\/?#@]+(?:[/?][^\s\\#]*)?$/;
const NAME_FORM = "a name without control characters";

/** Where spans are sent, unless the config says where: OTLP's own port on this machine. */
const DEFAULT_ENDPOINT = "http://127.0.0.1:4318";
const DEFAULT_PATH = "/v1/traces";

/** What frames an export. */
const OWN_HEADERS = new Map(
  reserved(["content-type", "content-length", "connection", "host", "transfer-encoding"]),
);

/** Traces of requests; there are some only where the config has this section. */
export const tracingSchema = section({
  /** Where spans go (OTLP over HTTP, as JSON). */
  endpoint: parsed(ENDPOINT_FORM, parseEndpoint, ENDPOINT).prefault(DEFAULT_ENDPOINT),
  /** What is sent with them, such as a token. @example { Authorization = "Bearer ${TRACES_TOKEN}" } */
  headers: headerTable(headerValue, OWN_HEADERS).prefault({}),
  /** Time for one export, its answer included. */
  timeout: positiveDuration.prefault("10s"),
  /** What the traces call this proxy. */
  service_name: text(NAME_FORM).prefault("sluice"),
  /**
   * What else is said of it, such as `deployment.environment.name`.
   * @example { "deployment.environment.name" = "test" }
   */
  attributes: z.record(text(NAME_FORM), text(NAME_FORM), wants("a table of texts by name")).prefault({}),
  /** Share of the traces that begin here which are recorded. Where a client's goes on, its sampled flag decides. */
  sample_ratio: share.prefault(1),
  /** Whose traceparent is gone on with. For all others a trace begins here. */
  trust: choice(["all", "trusted_proxies", "none"]).prefault("all"),
  /** Whether spans show queries, which may hold what is secret. */
  show_query: flag.prefault(false),
  /** Spans of one export at most. */
  batch_size: wholeNumber(1, 10_000).prefault(512),
  /** How long the first span of an export that does not fill up waits for others. */
  batch_delay: positiveDuration.prefault("1s"),
  /** Spans that may wait; more are dropped. */
  queue_size: wholeNumber(1, 100_000).prefault(4096),
}).refine(({ batchSize, queueSize }) => queueSize >= batchSize, {
  path: ["queue_size"],
  error: "is smaller than batch_size, so that no export would be full; accepted: as much, or more",
});

export type TracingConfig = Frozen<z.output<typeof tracingSchema>>;

function parseEndpoint(text: string): string {
  const url = /^https?:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hash !== "" || url.port === "0") {
    throw new RangeError(refuseValue(text, ENDPOINT_FORM));
  }
  // The message must not repeat a password.
  if (url.username !== "" || url.password !== "") {
    throw new RangeError('has user information; accepted: a URL without it, and a header "Authorization"');
  }
  if (url.pathname === "/" && url.search === "") url.pathname = DEFAULT_PATH;
  return url.href;
}
