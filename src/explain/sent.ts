import type { Server } from "../backend/server.ts";
import { SECRET_HEADERS } from "../config/values/secret-headers.ts";
import { Output } from "../http1/output.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Course } from "../proxy/course.ts";
import { writeHeadFor } from "../proxy/head-for-server.ts";
import { prepare } from "../proxy/prepare.ts";
import { checkBasePath } from "../proxy/request-head.ts";

/** Lines of a head, the request line first; secrets are left out. */
export type HeadLines = readonly string[];

/**
 * The head that `server` would get of `request` on `course`. Nothing is sent, and no copy is made for a mirror.
 * @throws {ProxyError} where the request could not be made ready.
 */
export function headFor(server: Server, request: IncomingRequest, course: Course): HeadLines {
  return toLines(wholeHeadFor(server, request, course));
}

/** The same as it is sent, secrets and all; empty where a connection is all that is asked for. */
export function wholeHeadFor(server: Server, request: IncomingRequest, course: Course): string {
  const outgoing = prepare(request, { ...course, mirror: undefined });
  if (outgoing.straight && outgoing.method === "CONNECT") return "";
  checkBasePath(server.basePath, outgoing.target);
  const output = new Output(true);
  writeHeadFor(server, output, request, outgoing);
  return output.take().toString("latin1");
}

/** The lines of a head as people may see them. */
export function toLines(head: string): HeadLines {
  return head.split("\r\n").filter((line) => line !== "").map(hideSecret);
}

function hideSecret(line: string): string {
  const name = line.slice(0, Math.max(0, line.indexOf(":")));
  return SECRET_HEADERS.has(name.toLowerCase()) ? `${name}: [masked]` : line;
}
