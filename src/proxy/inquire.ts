import { ProxyError, toProxyError } from "../base/errors.ts";
import { formatDuration, formatSize } from "../base/units.ts";
import type { Backend } from "../backend/backend.ts";
import { Fields } from "../http/fields.ts";
import { NO_BODY } from "../http/framing.ts";
import type { BodySource } from "../message/body.ts";
import { Exchange } from "../message/exchange.ts";
import { ForwardedResponse } from "../message/forwarded-response.ts";
import { IncomingRequest } from "../message/incoming-request.ts";
import type { Inquire, Inquiry, InquiryAnswer } from "../message/inquiry.ts";
import { KeptBytes } from "../message/kept-bytes.ts";
import type { Course } from "./course.ts";
import { forward } from "./forward.ts";
import type { IdentityPolicy } from "./identity.ts";

/** Asks the servers of `backend`, as requests do that go there: over kept connections, by its policy, times and health. */
export function inquirer(backend: Backend, identity: IdentityPolicy): Inquire {
  // What is said of a client is what the stage says; that it came by here is said as of any request.
  const course: Course = { backend, policy: { ...identity, transparent: true, aliases: "keep" } };
  return (inquiry) => inquire(inquiry, course);
}

async function inquire(inquiry: Inquiry, course: Course): Promise<InquiryAnswer> {
  const { timeoutMs, maxBytes, signal } = inquiry;
  const request = requestOf(inquiry);
  const { exchange } = request;
  const timer = setTimeout(() => {
    exchange.abort("response_timeout", `No whole answer came within ${formatDuration(timeoutMs)}`);
  }, timeoutMs);
  const giveUp = () => exchange.abort("client_closed", "Nobody waits for the answer any more");
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    if (signal?.aborted === true) giveUp();
    if (exchange.aborted !== undefined) throw exchange.aborted;
    return await wholeAnswer(await forward(request, course), maxBytes);
  } catch (error) {
    throw exchange.aborted ?? toProxyError(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
    exchange.end();
  }
}

function requestOf({ target, lines, client = "" }: Inquiry): IncomingRequest {
  const fields = new Fields();
  for (const [name, value] of lines) fields.append(name, value);
  const head = {
    method: "GET",
    target: { form: "origin", path: target, authority: undefined, scheme: undefined },
    minorVersion: 1,
    fields,
    framing: NO_BODY,
    authority: "", // the server's own
  } as const;
  const peer = { address: client, port: 0, secure: false, handsOver: false };
  const exchange = new Exchange(peer, {
    method: "GET",
    target,
    authority: "",
    minorVersion: 1,
    startedAt: performance.now(),
    fields,
  }, { inform() {} });
  return new IncomingRequest(head, exchange, null);
}

async function wholeAnswer(response: Response | ForwardedResponse, maxBytes: number): Promise<InquiryAnswer> {
  if (!(response instanceof ForwardedResponse)) {
    throw new ProxyError("internal_error", "An answer came that is none of a server");
  }
  const body = response.takeBody() as BodySource | null; // nobody has looked at it
  return {
    status: response.sentStatus,
    reason: response.statusText,
    fields: response.takeFields(),
    body: body === null ? new Uint8Array(0) : await collected(body, maxBytes),
  };
}

/** All of a body of at most `most` bytes; its connection ends it where the exchange is given up. */
function collected(source: BodySource, most: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const kept = new KeptBytes();
    const refuse = () => {
      const error = new ProxyError("upstream_invalid", `The answer has more than ${formatSize(most)}`);
      source.cancel(error);
      reject(error);
      return false;
    };
    if (source.length !== undefined && source.length > most) return void refuse();
    source.start({
      write(chunk) {
        if (kept.size + chunk.length > most) return refuse();
        kept.add(chunk);
        return true;
      },
      flush: () => true,
      end: () => resolve(kept.bytes),
      fail: reject,
    });
  });
}
