import type { RespondConfig } from "../config/sections/respond.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import { WholeResponse } from "../message/whole-response.ts";
import type { IdentityPolicy } from "./identity.ts";
import { compileLines } from "./shape.ts";

/** Makes an answer of the proxy's own, with `status` where the config names none. */
export type Respond = (request: IncomingRequest, status: number) => Response;

/** RFC 9110 §15.3.5, §15.3.6 and §15.4.5: these have no body. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/** What answers as `config` says, worked out once but for what its headers say of the request. */
export function compileRespond(config: RespondConfig, policy: IdentityPolicy): Respond {
  const { body = "", file, contentType = file?.type ?? "text/plain; charset=utf-8" } = config;
  const bytes = file?.bytes ?? new TextEncoder().encode(body);
  const lines = compileLines([config.headers ?? {}], policy);
  const described: [string, string][] = [["Content-Type", contentType], [
    "Content-Length",
    String(bytes.length),
  ]];
  return (request, otherwise) => {
    const { status = otherwise } = config;
    const isEmpty = WITHOUT_BODY.has(status);
    const headers = new Headers(isEmpty ? undefined : described);
    for (const [name, fill] of lines) headers.append(name, fill(request));
    return new WholeResponse(isEmpty ? null : bytes, { status, headers });
  };
}
