import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { DEFAULT_LIMITS } from "../../support/default-limits.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import { dial } from "../../../src/net/dial.ts";
import { UpstreamConnection } from "../../../src/upstream/connection.ts";
import type { Answer } from "../../../src/upstream/contract.ts";
import { eventually } from "../../support/eventually.ts";

/** A server that answers 413 and closes; `closed` blocks this thread, so that nothing is read meanwhile, until it has. */
async function refusingServer(): Promise<{ port: number; closed: () => void; stop: () => Promise<unknown> }> {
  const state = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL("../../support/refusing-worker.ts", import.meta.url), {
    workerData: state,
  });
  const port = await eventually("the server to listen", () => Atomics.load(state, 0));
  const closed = () => assert.notEqual(Atomics.wait(state, 1, 0, 10_000), "timed-out");
  return { port, closed, stop: () => worker.terminate() };
}

/** Pieces of a body of which all but the first come when `between` has returned. */
class SplitBody implements BodySource {
  readonly length = 50_000_000;
  readonly #between: () => void;
  cancelled = 0;

  constructor(between: () => void) {
    this.#between = between;
  }

  start(sink: BodySink): void {
    sink.write(new Uint8Array(100_000));
    sink.flush();
    this.#between();
    for (let i = 0; i < 4; i++) sink.write(new Uint8Array(100_000));
    sink.flush();
  }

  resume(): void {}

  cancel(): void {
    this.cancelled++;
  }
}

test("UpstreamConnection.send() brings an answer that came before a write failed", async (t) => {
  const server = await refusingServer();
  t.after(server.stop);
  const socket = await dial({ host: "127.0.0.1", port: server.port }, { ms: 1000, rule: "connect" });
  const timeouts = { response: 5000, idle: 5000, keepAlive: 5000 };
  let gone = 0;
  const connection = new UpstreamConnection(socket, timeouts, DEFAULT_LIMITS, {
    onIdle() {},
    onLeft() {},
    onGone: () => gone++,
  });
  const body = new SplitBody(server.closed);
  let done = 0;
  const answer = await new Promise<Answer>((onAnswer, onFailed) => {
    connection.send({
      method: "POST",
      head: `POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${body.length}\r\n\r\n`,
      body,
      chunked: false,
      upgrade: undefined,
      onInformational() {},
      onAnswer,
      onFailed,
      onDone: (error) => done += error === undefined ? 1 : 100,
    });
  });
  assert.equal(answer.head.status, 413);
  let text = "";
  answer.body!.start({
    write: (chunk) => (text += new TextDecoder().decode(chunk), true),
    flush: () => true,
    end() {},
    fail: (error) => text += error.message,
  });
  await eventually("the end", () => gone > 0);
  assert.deepEqual({ text, done, gone, cancelled: body.cancelled }, {
    text: "large",
    done: 1,
    gone: 1,
    cancelled: 1,
  });
});
