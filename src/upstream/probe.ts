import { ProxyError, toProxyError } from "../base/errors.ts";
import { formatDuration } from "../base/units.ts";
import type { ProbeCode, ProbeResult } from "../health/probe-result.ts";
import type { CodecLimits } from "../http/head-limits.ts";
import type { BodySource } from "../message/body.ts";
import { dial, type DialDestination, HandshakeTimeout } from "../net/dial.ts";
import { UpstreamConnection } from "./connection.ts";
import type { Answer } from "./contract.ts";

/** Bytes of an answer's body that are looked at. */
const MAX_BODY_BYTES = 64 * 1024;

/** What is probed and how. */
export interface ProbePlan {
  readonly destination: DialDestination;
  /** For the whole probe, in ms. */
  readonly timeoutMs: number;
  /** Request to send; undefined where a connection is all that is asked for. */
  readonly request?: {
    readonly method: "GET" | "HEAD" | "CONNECT";
    readonly head: string;
    expects(status: number): boolean;
    readonly body?: RegExp | undefined;
    /** Of the head of the answer. */
    readonly limits: CodecLimits;
  } | undefined;
}

/** Codes of failures to connect; every other is `L4CON`. */
const CONNECT_CODES: Readonly<Record<string, ProbeCode>> = { connect_timeout: "L4TOUT", tls_failed: "L6RSP" };

/**
 * Probes a server once, over a connection of its own. Resolves with undefined where there is no file for one: that says
 * nothing about the server. Never rejects; `signal` gives up early.
 */
export async function probe(plan: ProbePlan, signal: AbortSignal): Promise<ProbeResult | undefined> {
  const { destination, timeoutMs, request } = plan;
  const startedAt = performance.now();
  let socket;
  try {
    socket = await dial(destination, { ms: timeoutMs, rule: "the probe's timeout" }, signal);
  } catch (error) {
    const { kind, message } = toProxyError(error);
    if (kind === "out_of_files") return undefined;
    const code = error instanceof HandshakeTimeout ? "L6TOUT" : CONNECT_CODES[kind] ?? "L4CON";
    return { code, detail: message };
  }
  if (request === undefined) {
    socket.destroy();
    return { code: "L4OK" };
  }
  const connection = new UpstreamConnection(
    socket,
    { response: 0, idle: 0, keepAlive: 1 },
    request.limits,
    { onIdle() {}, onLeft() {}, onGone() {} },
  );
  const giveUp = (kind: "response_timeout" | "shutdown") =>
    connection.fail(
      new ProxyError(kind, `The probe was not over within its timeout (${formatDuration(timeoutMs)})`),
    );
  const timer = setTimeout(
    () => giveUp("response_timeout"),
    Math.max(1, timeoutMs - (performance.now() - startedAt)),
  );
  const onAbort = () => giveUp("shutdown");
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await ask(connection, request);
  } catch (error) {
    const { kind, message } = toProxyError(error);
    return { code: kind === "response_timeout" ? "L7TOUT" : "L7RSP", detail: message };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    connection.fail(new ProxyError("shutdown", "The probe is over"));
  }
}

async function ask(
  connection: UpstreamConnection,
  { method, head, expects, body }: NonNullable<ProbePlan["request"]>,
): Promise<ProbeResult> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    connection.send({
      method,
      head,
      body: null,
      chunked: false,
      upgrade: undefined,
      onInformational() {},
      onAnswer: resolve,
      onFailed: reject,
      onDone() {},
    });
  });
  answer.tunnel?.socket.destroy();
  const { status } = answer.head;
  if (!expects(status)) return { code: "L7STS", status, detail: `status ${status}` };
  if (body === undefined) return { code: "L7OK", status };
  const text = answer.body === null ? "" : await beginningOf(answer.body);
  return body.test(text)
    ? { code: "L7OK", status }
    : { code: "L7STS", status, detail: "the body is not the expected one" };
}

/** The first `MAX_BODY_BYTES` of a body as text. */
function beginningOf(source: BodySource): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let text = "";
    let left = MAX_BODY_BYTES;
    source.start({
      write(chunk) {
        text += decoder.decode(chunk.subarray(0, left), { stream: true });
        left = Math.max(0, left - chunk.length);
        if (left === 0) resolve(text);
        return left > 0;
      },
      flush: () => true,
      end: () => resolve(text),
      fail: reject,
    });
  });
}
