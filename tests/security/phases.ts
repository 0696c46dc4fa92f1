import type { RawClient } from "../support/raw-client.ts";
import type { RawConnection, RawServer } from "../support/raw-server.ts";
import type { TestProxy } from "../support/test-proxy.ts";
import { ok } from "./shapes/answer.ts";
import { get, post } from "./shapes/shape.ts";
import { soon } from "./soon.ts";

/** A client, a proxy, and a server whose first connection the test plays itself. */
export interface Stage {
  readonly client: RawClient;
  readonly proxy: TestProxy;
  readonly server: RawServer;
}

/** A point in the life of an exchange: what has to happen until it is reached. */
export type Phase = [name: string, reach: (stage: Stage) => void | Promise<void>];

/** More than the kernel's buffers of two connections can hold. */
const BIG = "x".repeat(48 * 1024 * 1024);
const UPGRADE = get("Connection: Upgrade", "Upgrade: websocket");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** Up to here no byte of the request has reached a server. */
export const BEFORE_THE_REQUEST: readonly Phase[] = [
  ["right after connecting", () => {}],
  ["in the request line", ({ client }) => client.send("GET /vic")],
  ["in the fields", ({ client }) => client.send("GET /victim HTTP/1.1\r\nHost: a.test\r\nX-A")],
  ["between CR and LF", ({ client }) => client.send("GET /victim HTTP/1.1\r")],
  ["right behind its request", ({ client }) => client.send(get())],
  ["right behind half a body", ({ client }) => client.send(post(["Content-Length: 9"], "abc"))],
  ["after a refusal", async ({ client }) => {
    client.send("x\r\n\r\n");
    await client.until("HTTP/1.1 400 ");
  }],
];

/** The server has got the request, or some of it, and nothing of an answer has reached the client. */
export const BEFORE_THE_ANSWER: readonly Phase[] = [
  ["after the request", (stage) => asked(stage, get())],
  ["in a counted body", (stage) => asked(stage, post(["Content-Length: 9"], "abc"), "abc")],
  ["in a chunk", (stage) => asked(stage, post(["Transfer-Encoding: chunked"], "9\r\nabc"), "abc")],
  ["in a chunk size", (stage) => asked(stage, post(["Transfer-Encoding: chunked"], "3\r\nabc\r\n9"), "abc")],
  ["after a whole body", (stage) => asked(stage, post(["Content-Length: 3"], "abc"), "abc")],
  ["with a second request behind the first", (stage) => asked(stage, get() + get())],
  ["while it waits for 100", (stage) => asked(stage, get("Expect: 100-continue", "Content-Length: 3"))],
  ["after an interim answer", async (stage) => {
    await answered(stage, "HTTP/1.1 103 Early Hints\r\n\r\n", "103 Early Hints\r\n\r\n");
  }],
  ["in an upload that the server does not read", async (stage) => {
    await asked(stage, post([`Content-Length: ${2 * BIG.length}`], "abc"), "abc");
    first(stage).socket.pause();
    stage.client.send(BIG);
    await heldUp(stage.client);
  }],
];

/** The client has got a part of the answer. */
export const IN_THE_ANSWER: readonly Phase[] = [
  ["after the head of the answer", (stage) => answered(stage, ok(["Content-Length: 9"]), "\r\n\r\n")],
  ["in a counted answer", (stage) => answered(stage, ok(["Content-Length: 9"], "abc"), "abc")],
  ["in a chunked answer", (stage) => answered(stage, ok(["Transfer-Encoding: chunked"], "9\r\nabc"), "abc")],
  ["in the trailers of an answer", async (stage) => {
    await answered(stage, ok(["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\nX-A: "), "abc");
  }],
  ["in an answer that the close ends", (stage) => answered(stage, ok([], "abc"), "abc")],
  ["in an answer while the request is on its way", async (stage) => {
    await asked(stage, post(["Content-Length: 9"], "abc"), "abc");
    first(stage).send(ok(["Content-Length: 9"], "abc"));
    await stage.client.until("\r\n\r\nabc");
  }],
  ["in an answer that the client does not read", async (stage) => {
    await answered(stage, ok([`Content-Length: ${2 * BIG.length}`], "abc"), "abc");
    stage.client.socket.pause();
    first(stage).send(BIG);
    await heldUp(first(stage));
  }],
  ["in a tunnel", async (stage) => {
    await asked(stage, UPGRADE);
    first(stage).send(SWITCH + "hello");
    await stage.client.until("hello");
    stage.client.send("hello yourself");
    await first(stage).until("hello yourself");
  }],
  ["in a tunnel that the client does not read", async (stage) => {
    await asked(stage, UPGRADE);
    first(stage).send(SWITCH + "hello");
    await stage.client.until("hello");
    stage.client.socket.pause();
    first(stage).send(BIG);
    await heldUp(first(stage));
  }],
];

/** The server's first connection. */
export function first({ server }: Stage): RawConnection {
  return server.connections[0]!;
}

/** The client sends `request`, and the server has got its head and `body`. */
async function asked(stage: Stage, request: string, body = ""): Promise<void> {
  stage.client.send(request);
  const isThere = () => {
    const received = stage.server.connections[0]?.received ?? "";
    const end = received.indexOf("\r\n\r\n");
    return end !== -1 && received.slice(end).includes(body);
  };
  await soon("the request", isThere);
}

/** The server sends `answer` to a request, and the client has got `part`. */
async function answered(stage: Stage, answer: string, part: string): Promise<void> {
  await asked(stage, get());
  first(stage).send(answer);
  await stage.client.until(part);
}

/** What `sender` still has to send stays the same for a while: nobody takes any more of it. */
async function heldUp({ socket }: RawClient): Promise<void> {
  let before = 0;
  let turns = 0;
  await soon("the sender to be held up", () => {
    turns = socket.writableLength > 0 && socket.writableLength === before ? turns + 1 : 0;
    before = socket.writableLength;
    return turns > 50;
  });
}
