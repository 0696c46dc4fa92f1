import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import type { BodySink, BodySource } from "../../../src/message/body.ts";
import { StreamSource, toStream } from "../../../src/message/body-stream.ts";

/** A source that delivers what the test tells it to. */
class ManualSource implements BodySource {
  readonly length = undefined;
  sink: BodySink | undefined;
  resumed = 0;
  cancelled: ProxyError | undefined;
  start(sink: BodySink): void {
    this.sink = sink;
  }
  resume(): void {
    this.resumed++;
  }
  cancel(reason: ProxyError): void {
    this.cancelled = reason;
  }
}

/** A sink that keeps what it gets; `room` says how many more pieces it takes at once. */
class Collector implements BodySink {
  text = "";
  ended = false;
  failure: ProxyError | undefined;
  room = Infinity;
  write(chunk: Uint8Array): boolean {
    this.text += new TextDecoder().decode(chunk);
    this.room--;
    return this.room > 0;
  }
  flush(): boolean {
    return this.room > 0;
  }
  end(): void {
    this.ended = true;
  }
  fail(error: ProxyError): void {
    this.failure = error;
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(bytes(piece));
      controller.close();
    },
  });
}

test("toStream() starts its source only when somebody reads", async () => {
  const source = new ManualSource();
  const reader = toStream(source).getReader();
  assert.equal(source.sink, undefined);
  const first = reader.read();
  await turn();
  source.sink!.write(bytes("one"));
  assert.deepEqual((await first).value, bytes("one"));
});

test("toStream() asks the source to rest behind each piece and resumes it for the next read", async () => {
  const source = new ManualSource();
  const reader = toStream(source).getReader();
  const first = reader.read();
  await turn();
  assert.equal(source.sink!.flush(), true); // a read waits, so nothing rests
  assert.equal(source.sink!.write(bytes("one")), false);
  await first;
  const second = reader.read();
  await turn();
  assert.ok(source.resumed > 0);
  assert.equal(source.sink!.flush(), true);
  source.sink!.write(bytes("two"));
  assert.deepEqual((await second).value, bytes("two"));
});

test("toStream() gives its reader bytes of its own", async () => {
  const source = new ManualSource();
  const reader = toStream(source).getReader();
  const first = reader.read();
  await turn();
  const piece = bytes("one");
  source.sink!.write(piece);
  piece.fill(0);
  assert.deepEqual((await first).value, bytes("one"));
});

test("toStream() ends, fails and cancels as its source and reader say", async () => {
  const ending = new ManualSource();
  const end = toStream(ending).getReader().read();
  await turn();
  ending.sink!.end(undefined);
  assert.equal((await end).done, true);

  const failing = new ManualSource();
  const failure = toStream(failing).getReader().read();
  await turn();
  failing.sink!.fail(new ProxyError("upstream_reset", "gone"));
  await assert.rejects(failure, { kind: "upstream_reset" });

  const cancelled = new ManualSource();
  await toStream(cancelled).cancel();
  assert.equal(cancelled.cancelled?.kind, "client_closed");
});

test("StreamSource delivers a stream in order and ends it", async () => {
  const sink = new Collector();
  new StreamSource(streamOf("one", "two"), undefined).start(sink);
  await turn();
  assert.equal(sink.text, "onetwo");
  assert.equal(sink.ended, true);
});

test("StreamSource rests while its sink has no room", async () => {
  const sink = new Collector();
  sink.room = 1;
  const source = new StreamSource(streamOf("one", "two"), undefined);
  source.start(sink);
  await turn();
  assert.equal(sink.text, "one");
  sink.room = 5;
  source.resume();
  await turn();
  assert.equal(sink.text, "onetwo");
});

for (const [what, length] of [["shorter", 9], ["longer", 5]] as const) {
  test(`StreamSource fails a body that is ${what} than its length`, async () => {
    const sink = new Collector();
    new StreamSource(streamOf("one", "two"), length).start(sink);
    await turn();
    assert.equal(sink.ended, false);
    assert.equal(sink.failure?.kind, "internal_error");
  });
}

test("StreamSource fails its sink where the stream fails", async () => {
  const sink = new Collector();
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.error(new Error("broken")),
  });
  new StreamSource(stream, undefined).start(sink);
  await turn();
  assert.equal(sink.failure?.kind, "internal_error");
});

test("StreamSource cancels its stream and delivers nothing more", async () => {
  let cancelled: unknown;
  const sink = new Collector();
  const stream = new ReadableStream<Uint8Array>({ cancel: (reason) => void (cancelled = reason) });
  const source = new StreamSource(stream, undefined);
  source.start(sink);
  const reason = new ProxyError("client_closed", "gone");
  source.cancel(reason);
  await turn();
  assert.equal(cancelled, reason);
  assert.deepEqual([sink.text, sink.ended, sink.failure], ["", false, undefined]);
});
