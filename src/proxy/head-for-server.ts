import type { Server } from "../backend/server.ts";
import type { Output } from "../http1/output.ts";
import type { IncomingRequest } from "../message/incoming-request.ts";
import type { Outgoing } from "./outgoing.ts";
import { writeRequestHead } from "./request-head.ts";

/** Writes the head of `request` as `server` gets it. */
export function writeHeadFor(
  server: Server,
  output: Output,
  request: IncomingRequest,
  outgoing: Outgoing,
): void {
  const { authority } = request.exchange;
  writeRequestHead(output, request, outgoing, {
    host: outgoing.rewritesHost || authority === "" ? server.authority : authority,
    basePath: server.basePath,
    authorization: server.authorization,
  });
}
