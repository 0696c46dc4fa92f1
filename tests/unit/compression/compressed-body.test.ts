import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { type Coding, codingsOf, type Compressor } from "../../../src/compression/coding.ts";
import { CompressedBody } from "../../../src/compression/compressed-body.ts";
import { Fields } from "../../../src/http/fields.ts";
import type { BodySink } from "../../../src/message/body.ts";
import { decoded, decodedSoFar } from "../../support/decoding.ts";
import { eventually } from "../../support/eventually.ts";

const NAMES = ["zstd", "br", "gzip"] as const;
const CODINGS = codingsOf({ algorithms: NAMES, levels: { gzip: 5, br: 4, zstd: 3 } });

/** A coding that tells of the compressors that it has opened. */
function watched(coding: Coding): { coding: Coding; opened: Compressor[] } {
  const opened: Compressor[] = [];
  const open = () => {
    const compressor = coding.open();
    opened.push(compressor);
    return compressor;
  };
  return { coding: { ...coding, open }, opened };
}

/** A body between a source that the test drives and a sink that takes what the test lets it take. */
function scene(coding: Coding) {
  const seen: string[] = [];
  const pieces: Uint8Array[] = [];
  const { coding: used, opened } = watched(coding);
  const state = { takes: true, resumed: 0, flushes: 0, trailers: undefined as Fields | undefined };
  let source!: BodySink;
  const body = new CompressedBody({
    length: undefined,
    start: (sink) => void (source = sink),
    resume: () => void state.resumed++,
    cancel: ({ kind }) => void seen.push(`cancel ${kind}`),
  }, used);
  body.start({
    write(piece) {
      pieces.push(new Uint8Array(piece));
      return state.takes;
    },
    flush() {
      state.flushes++;
      return state.takes;
    },
    end(trailers) {
      state.trailers = trailers;
      seen.push("end");
    },
    fail: ({ kind }) => void seen.push(`fail ${kind}`),
  });
  const out = () => Buffer.concat(pieces);
  return { body, source, seen, opened, state, out };
}

/** Numbers from 0 to below 1 that are the same each time. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** A body that compresses somewhat. */
function randomBody(size: number, random: () => number): Buffer {
  const body = Buffer.alloc(size);
  for (let i = 0; i < size; i++) {
    body[i] = random() < 0.7 && i > 20 ? body[i - 1 - Math.floor(random() * 20)]! : random() * 256;
  }
  return body;
}

for (const coding of CODINGS) {
  const { name } = coding;

  test(`CompressedBody(${name}) decodes to what was written, for random bodies in random pieces`, async () => {
    const random = draws(name.length);
    for (let round = 0; round < 40; round++) {
      const body = randomBody(Math.floor(random() ** 3 * 300_000), random);
      const { body: compressed, source, seen, state, out, opened } = scene(coding);
      let waits = 0;
      for (let at = 0; at < body.length;) {
        const size = 1 + Math.floor(random() ** 2 * 70_000);
        const piece = new Uint8Array(body.subarray(at, at + size));
        at += size;
        state.takes = random() < 0.7;
        const before = state.resumed;
        const goesOn = source.write(piece);
        source.release?.(piece);
        const flushes = random() < 0.5;
        if ((flushes && !source.flush()) || !goesOn) {
          waits++;
          state.takes = true;
          compressed.resume();
          await eventually("room", () => state.resumed > before);
        }
      }
      state.takes = true;
      source.end(undefined);
      compressed.resume();
      await eventually("the end", () => seen.length > 0);
      assert.deepEqual(seen, ["end"]);
      assert.ok(decoded(out(), name).equals(body), `round ${round}, ${body.length} bytes, ${waits} waits`);
      await eventually("nothing open", () => opened.every(({ destroyed }) => destroyed));
    }
  });

  test(`CompressedBody(${name}) opens no compressor for what is here at once`, () => {
    const { source, seen, opened, out } = scene(coding);
    source.write(Buffer.from("hello "));
    source.write(Buffer.from("world"));
    source.end(undefined);
    assert.deepEqual(seen, ["end"]); // at once
    assert.equal(opened.length, 0);
    assert.equal(decoded(out(), name).toString(), "hello world");
  });

  test(`CompressedBody(${name}) holds nothing back that the source has flushed`, async () => {
    const { source, state, out, opened } = scene(coding);
    source.flush();
    assert.equal(state.flushes, 1); // the head is not held back either
    assert.equal(opened.length, 0);
    let text = "";
    for (let i = 0; i < 5; i++) {
      text += `piece ${i}\n`;
      const { flushes } = state;
      source.write(Buffer.from(`piece ${i}\n`));
      source.flush();
      await eventually("a flush", () => state.flushes > flushes);
      assert.equal(decodedSoFar(out(), name).toString(), text);
    }
    source.end(undefined);
  });

  test(`CompressedBody(${name}) flushes what the compressor was done with before`, async () => {
    const { source, state, out, opened } = scene(coding);
    const body = randomBody(64 * 1024, draws(3));
    source.write(body);
    await eventually("the compressor to be done", () => opened[0]!.writableLength === 0);
    const { flushes } = state;
    source.flush();
    await eventually("a flush", () => state.flushes > flushes);
    assert.ok(decodedSoFar(out(), name).equals(body));
    source.end(undefined);
  });

  test(`CompressedBody(${name}) asks its source to stop where the sink takes nothing, and goes on after it`, async () => {
    const { body, source, state, out, seen } = scene(coding);
    const random = draws(7);
    const noise = () => Uint8Array.from({ length: 64 * 1024 }, () => random() * 256);
    state.takes = false;
    let written = 0;
    let resumed = 0;
    for (let idle = 0; idle < 3;) {
      if (source.write(noise())) written++;
      else {
        written++;
        resumed = state.resumed;
        assert.equal(source.flush(), false);
        // It may go on for some pieces, until what lies in between is full.
        await eventually("rest", () => state.resumed > resumed, 200).then(() => idle = 0, () => idle = 3);
      }
      assert.ok(written < 64);
    }
    assert.ok(out().length <= 512 * 1024, `${out().length} bytes came out`);
    state.takes = true;
    body.resume();
    await eventually("the source to be asked", () => state.resumed > resumed);
    source.end(undefined);
    await eventually("the end", () => seen.length > 0);
    assert.equal(decoded(out(), name).length, written * 64 * 1024);
  });

  const ENDINGS: [what: string, end: (body: CompressedBody, source: BodySink) => void, seen: string[]][] = [
    ["breaks off", (_, source) => source.fail(new ProxyError("upstream_reset", "Gone")), [
      "fail upstream_reset",
    ]],
    ["is cancelled", (body) => body.cancel(new ProxyError("client_closed", "Gone")), [
      "cancel client_closed",
    ]],
  ];
  for (const [what, end, expected] of ENDINGS) {
    test(`CompressedBody(${name}) that ${what} closes its compressor in the middle of its work, and does not end`, async () => {
      const { body, source, seen, opened } = scene(coding);
      for (let i = 0; i < 4; i++) source.write(Buffer.alloc(64 * 1024, i));
      assert.equal(opened.length, 1);
      end(body, source);
      source.write(Buffer.from("late"));
      source.flush();
      source.end(undefined);
      assert.equal(opened[0]!.destroyed, true);
      await eventually("its end", () => opened[0]!.closed);
      assert.deepEqual(seen, expected);
    });
    test(`CompressedBody(${name}) that ${what} before anything was compressed does not end`, () => {
      const { body, source, seen, out } = scene(coding);
      source.write(Buffer.from("x"));
      end(body, source);
      source.end(undefined);
      assert.deepEqual(seen, expected);
      assert.equal(out().length, 0);
    });
  }

  test(`CompressedBody(${name}) gives no memory back that a compressor may still read`, async () => {
    const { body, source, opened } = scene(coding);
    const chunk = new Uint8Array(64 * 1024);
    source.write(chunk);
    source.release?.(chunk);
    assert.equal(chunk.length, 64 * 1024);
    body.cancel(new ProxyError("client_closed", "Gone"));
    await eventually("its end", () => opened[0]!.closed);
    assert.equal(chunk.length, 64 * 1024);
  });

  test(`CompressedBody(${name}) fails, and cancels its source, where the compressor breaks`, async () => {
    const { source, seen, opened } = scene(coding);
    source.write(Buffer.alloc(64 * 1024));
    opened[0]!.destroy(new Error("broken"));
    await eventually("the failure", () => seen.length > 0);
    assert.deepEqual(seen, ["cancel internal_error", "fail internal_error"]);
  });

  test(`CompressedBody(${name}) passes trailers on`, async () => {
    for (const size of [10, 100_000]) {
      const { source, seen, state } = scene(coding);
      const trailers = new Fields();
      trailers.append("X-Sum", "1");
      source.write(Buffer.alloc(size));
      source.end(trailers);
      await eventually("the end", () => seen.length > 0);
      assert.equal(state.trailers, trailers);
    }
  });
}

test("codingsOf() compresses nothing on this thread at levels that take long", () => {
  const slow = codingsOf({ algorithms: NAMES, levels: { gzip: 9, br: 11, zstd: 19 } });
  assert.deepEqual(slow.map(({ atOnceBytes }) => atOnceBytes > 0), [false, false, true]);
});
