// Streams of events: each arrives before the next is made, silence kills none, and a client finds its way back.
import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { EventSource } from "eventsource";
import { eventually } from "../support/eventually.ts";
import { startTestProxy, type TestConfig, type TestProxy } from "../support/test-proxy.ts";
import { asked, get, openScene } from "./scene.ts";

/** A minute of real life: ten of them are over in 3 s. */
const MINUTE_MS = 300;
const KEEP_ALIVE_MS = MINUTE_MS / 3;
const EVENTS = { "Content-Type": "text/event-stream" };

/** A server of event streams behind a proxy. */
interface Stream {
  readonly port: number;
  readonly requests: IncomingMessage[];
  readonly answers: ServerResponse[];
  close(): void;
}

async function openStream(t: TestContext): Promise<Stream> {
  const requests: IncomingMessage[] = [];
  const answers: ServerResponse[] = [];
  const server = createServer((request, answer) => {
    requests.push(request);
    answers.push(answer);
    answer.writeHead(200, EVENTS);
    answer.flushHeaders();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    for (const answer of answers) answer.socket?.destroy();
    server.close();
  };
  t.after(close);
  return { port: (server.address() as AddressInfo).port, requests, answers, close };
}

async function open(t: TestContext, config: TestConfig): Promise<{ proxy: TestProxy; source: EventSource }> {
  const proxy = await startTestProxy(config);
  const source = new EventSource(`${proxy.url}/events`);
  t.after(async () => {
    source.close();
    await proxy.stop();
  });
  return { proxy, source };
}

/** Everything that `source` hears, in words. */
function listen(source: EventSource): string[] {
  const heard: string[] = [];
  source.addEventListener("open", () => heard.push("open"));
  source.addEventListener("error", () => heard.push("error"));
  source.addEventListener("message", ({ data, lastEventId }) => heard.push(`${lastEventId} ${data}`));
  return heard;
}

test("forward() shows a client each event before the next is made, and what keeps it from being held back", async (t) => {
  const { server, client } = await openScene(t);
  const c = await client();
  c.send(get("/events"));
  const s = await asked(server);
  s.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  const head = await c.until("\r\n\r\n"); // before there is any event
  assert.match(head, /\r\nX-Accel-Buffering: no\r\nCache-Control: no-cache\r\n/);
  for (let i = 0; i < 3; i++) {
    s.send(`9\r\ndata: ${i}\n\n\r\n`);
    await c.until(`data: ${i}\n\n`);
  }
});

test("forward() keeps a stream of nothing but comments open far beyond its timeouts", async (t) => {
  const stream = await openStream(t);
  const { proxy, source } = await open(t, {
    servers: [stream.port],
    // The default of each is a minute or less.
    backend: { timeouts: { idle: `${MINUTE_MS}ms`, response: `${MINUTE_MS}ms` } },
    frontend: {
      timeouts: {
        write_idle: `${MINUTE_MS}ms`,
        body_idle: `${MINUTE_MS}ms`,
        keep_alive: `${MINUTE_MS}ms`,
        request_headers: `${MINUTE_MS}ms`,
      },
    },
  });
  const heard = listen(source);
  const answer = await eventually("the stream", () => stream.answers[0]);
  let comments = 0;
  const timer = setInterval(() => {
    comments++;
    answer.write(": still here\n\n");
  }, KEEP_ALIVE_MS);
  t.after(() => clearInterval(timer));
  await eventually("10 minutes", () => comments >= 10 * MINUTE_MS / KEEP_ALIVE_MS, 10_000);
  answer.write("id: 7\ndata: at last\n\n");
  await eventually("the event", () => heard.length >= 2);
  assert.deepEqual(heard, ["open", "7 at last"]);
  assert.equal(stream.requests.length, 1);
  assert.equal(proxy.accesses.length, 0);
});

test("forward() ends a stream that is silent for longer than idle, and the client asks again", async (t) => {
  const stream = await openStream(t);
  const { proxy, source } = await open(t, {
    servers: [stream.port],
    backend: { timeouts: { idle: "60ms" } },
  });
  const heard = listen(source);
  const answer = await eventually("the stream", () => stream.answers[0]);
  answer.write("retry: 20\nid: 1\ndata: one\n\n");
  await eventually("a second request", () => stream.requests[1]);
  assert.deepEqual(heard.slice(0, 3), ["open", "1 one", "error"]);
  assert.equal(stream.requests[1]!.headers["last-event-id"], "1");
  assert.equal((await proxy.access(0))["reason"], "upstream_stalled");
});

test("forward() takes a client whose server died to another one, with Last-Event-ID", async (t) => {
  const streams = [await openStream(t), await openStream(t)];
  const { source } = await open(t, {
    servers: streams.map(({ port }) => port),
    backend: { balance: "first" },
  });
  const heard = listen(source);
  const [first, second] = streams;
  const answer = await eventually("the stream", () => first!.answers[0]);
  answer.write("retry: 20\nid: 41\ndata: one\n\n");
  await eventually("the event", () => heard.includes("41 one"));
  first!.close();
  const next = await eventually("the request to the second", () => second!.answers[0]);
  assert.equal(second!.requests[0]!.headers["last-event-id"], "41");
  assert.equal(second!.requests[0]!.headers.accept, "text/event-stream");
  next.write("id: 42\ndata: two\n\n");
  await eventually("the next event", () => heard.includes("42 two"));
  assert.deepEqual(heard, ["open", "41 one", "error", "open", "42 two"]);
});
