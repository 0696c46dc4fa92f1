import type { Socket } from "node:net";
import { closeFrame, GOING_AWAY } from "../http/websocket-frames.ts";

/** Tells a peer that its WebSocket ends here (1001, RFC 6455 §7.4.1); a server's frames are not masked, ours to it are (§5.1). */
export function sendClose(to: Socket, masked: boolean): void {
  to.write(closeFrame(GOING_AWAY, masked ? crypto.getRandomValues(new Uint8Array(4)) : undefined));
}
