import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import { ProxyError } from "../../src/base/errors.ts";
import type { Fields } from "../../src/http/fields.ts";
import type { Decoder } from "../../src/http1/decoder.ts";
import type { CodecLimits } from "../../src/http/head-limits.ts";
import { DEFAULT_LIMITS } from "../support/default-limits.ts";
import { RequestDecoder } from "../../src/http1/request-decoder.ts";
import { ResponseDecoder } from "../../src/http1/response-decoder.ts";
import { generateRequests, generateResponses, type Sample } from "../support/codec/corpus.ts";
import { Random } from "../support/codec/random.ts";
import { SHAPES } from "../support/codec/shapes.ts";

// Mutated messages through the decoders, whole and in pieces: nothing but a ProxyError is thrown, every step takes a
// byte or ends a message, nothing that was read is kept, and the pieces do not matter. A million messages by default;
// the variable SLUICE_FUZZ sets another number. The seeds are fixed, so a failure comes again; it prints its message.

const MESSAGES = Number(process.env["SLUICE_FUZZ"] || 1_000_000);
/** Messages of one test, so that no test comes near a runner's time limit. */
const BATCH = 25_000;
const MAX_BYTES = 4096;
/** What the process may grow by in the second half: a heap between two collections, not one kilobyte per message. */
const MAX_GROWN_BYTES = 200 * 1024 * 1024;
const SMALL_LIMITS: CodecLimits = { headerSize: 300, headerCount: 5, targetSize: 12 };

const TOKENS = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "=",
  '"',
  "\\",
  "#",
  "@",
  "*",
  "/",
  "\x7f",
  "\xff",
  "\xa0",
  "0",
  "0\r\n\r\n",
  "1\r\nx\r\n",
  "ffffffffffffffff",
  "99999999999999999999",
  "-1",
  "+1",
  "0x",
  ';a="',
  ";a=b",
  " ;",
  "chunked",
  ", chunked",
  "gzip",
  "identity",
  "close",
  "upgrade",
  "GET / HTTP/1.1\r\n",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2.0",
  " 100 ",
  " 101 ",
  " 204 ",
  " 304 ",
  "CONNECT",
  "OPTIONS",
  "HEAD",
  "http://a",
  "[::1]:80",
  "a:80",
  "Host: a\r\n",
  "Host: b\r\n",
  "\r\nHost:",
  "Content-Length: 3\r\n",
  "Content-Length:",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding:",
  "Connection: close\r\n",
  "X: " + "x".repeat(300) + "\r\n",
  "X:\r\n",
  "X: 1\r\n 2\r\n",
].map((token) => Buffer.from(token, "latin1"));

/** A message in the making: `bytes` up to `length`. */
interface Draft {
  readonly bytes: Buffer;
  length: number;
}

/** Changes one thing: a byte, a bit, a run of bytes left out or doubled, a token put in or written over, a splice. */
function mutate(draft: Draft, random: Random, other: Buffer): void {
  const { bytes } = draft;
  const at = random.below(draft.length + 1);
  const kind = random.below(10);
  if (kind === 0 && at < draft.length) bytes[at] = random.below(256);
  else if (kind === 1 && at < draft.length) bytes[at]! ^= 1 << random.below(8);
  else if (kind === 2) remove(draft, at, 1 + random.below(8));
  else if (kind === 3) {
    insert(draft, at, Buffer.from(bytes.subarray(at, Math.min(draft.length, at + 1 + random.below(40)))));
  } else if (kind === 4) {
    const from = random.below(other.length);
    insert(draft, at, other.subarray(from, from + random.below(80)));
  } else if (kind === 5) insert(draft, draft.length, other); // a second message
  else if (kind === 6) draft.length = at;
  else {
    const token = random.pick(TOKENS);
    if (kind === 7) remove(draft, at, token.length);
    // Half of the tokens at the beginning of a line, where most of them belong.
    const line = kind === 8 ? bytes.indexOf(10, at) + 1 : at;
    insert(draft, line <= draft.length ? line : at, token);
  }
}

function remove(draft: Draft, at: number, count: number): void {
  const end = Math.min(draft.length, at + count);
  draft.bytes.copyWithin(at, end, draft.length);
  draft.length -= end - at;
}

function insert(draft: Draft, at: number, piece: Buffer): void {
  if (draft.length + piece.length > MAX_BYTES) return;
  draft.bytes.copyWithin(at + piece.length, at, draft.length);
  draft.bytes.set(piece, at);
  draft.length += piece.length;
}

/** A number that stands for everything that a decoder made of some bytes; other events, another number. */
class Digest {
  value = 0;
  #data = 0;
  #dataLength = 0;

  text(text: string): void {
    let value = this.value;
    for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
    this.value = Math.imul(value ^ 0x100, 0x01000193);
  }

  number(number: number): void {
    this.value = Math.imul(this.value ^ number, 0x01000193) ^ 0x5bd1e995;
  }

  /** Data counts by its bytes, in whatever pieces it comes. */
  data(data: Buffer): void {
    for (let i = 0; i < data.length; i++) this.#data = Math.imul(this.#data ^ data[i]!, 0x01000193);
    this.#dataLength += data.length;
  }

  endData(): void {
    this.number(this.#data);
    this.number(this.#dataLength);
    this.#data = this.#dataLength = 0;
  }

  fields(fields: Fields | undefined): void {
    if (fields === undefined) return;
    for (let i = 0; i < fields.size; i++) {
      this.text(fields.name(i));
      this.text(fields.value(i));
    }
    this.number(fields.size);
  }
}

/** How often each thing happened, to see that the mutations reach all of the code. */
const seen = { head: 0, data: 0, end: 0, trailers: 0, refused: 0, cut: 0, closed: 0, tunnel: 0 };

function digestRequests(pieces: readonly Buffer[], limits: CodecLimits): number {
  const decoder = new RequestDecoder(limits);
  return digest(decoder, pieces, pieces.length > 2, (head, digest) => {
    digest.text(head.method);
    digest.text(head.target.form);
    digest.text(head.target.path);
    digest.text(head.authority);
    digest.number(head.minorVersion);
    return false;
  });
}

function digestResponses(pieces: readonly Buffer[], limits: CodecLimits, methods: readonly string[]): number {
  const decoder = new ResponseDecoder(limits);
  let answered = 0;
  decoder.expect(methods[0] ?? "GET");
  return digest(decoder, pieces, pieces.length > 2, (head, digest) => {
    if (head.status >= 200) decoder.expect(methods[++answered] ?? "GET");
    digest.number(head.status);
    digest.text(head.reason);
    digest.number(head.minorVersion);
    return head.status === 101;
  });
}

function digest<Head extends { fields: Fields }>(
  decoder: Decoder<Head>,
  pieces: readonly Buffer[],
  ahead: boolean,
  onHead: (head: Head, digest: Digest) => boolean,
): number {
  const digest = new Digest();
  let given = 0;
  let steps = 0;
  let stepsAllowed = 2;
  try {
    for (;;) {
      if (++steps > stepsAllowed) throw new Error("The decoder goes round without taking bytes");
      const step = decoder.next();
      if (step === "more") {
        if (decoder.unread !== 0) throw new Error("The decoder asks for more and has not read all");
        if (given === pieces.length) break;
      } else seen[step]++;
      if (step === "head") {
        const tunnel = onHead(decoder.head, digest);
        digest.fields(decoder.head.fields);
        if (tunnel) {
          seen.tunnel++;
          digest.data(decoder.takeRest());
          while (given < pieces.length) digest.data(pieces[given++]!);
          digest.endData();
          return digest.value;
        }
      } else if (step === "data") digest.data(decoder.data);
      else if (step === "end") {
        digest.endData();
        if (decoder.trailers !== undefined) seen.trailers++;
        digest.fields(decoder.trailers);
      }
      // Pieces come when they are asked for, and some of them earlier: which, is as good as random.
      let more = step === "more" || ahead;
      while (more && given < pieces.length) {
        const piece = pieces[given++]!;
        stepsAllowed += 2 * piece.length + 1;
        decoder.push(piece);
        more = ahead && (piece.length & 1) === 1;
      }
    }
    const closed = decoder.finish("client_closed");
    if (closed) seen.closed++;
    digest.number(closed ? 1 : 2);
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    if (error.kind === "client_closed") seen.cut++;
    else seen.refused++;
    digest.text(error.kind);
  }
  digest.endData();
  return digest.value;
}

function cutUp(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let cuts = 1 + random.below(3); cuts > 0; cuts--) {
    const to = from + random.below(bytes.length - from + 1);
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  pieces.push(bytes.subarray(from));
  return pieces;
}

interface Seed extends Sample {
  readonly bytes: Buffer;
}

/** Messages to mutate; most mutations start from a sound one, so that they come further than its head. */
const seeds: Seed[] = [];
const soundSeeds: Seed[] = [];
{
  const random = new Random(7);
  const samples: Sample[] = [...SHAPES];
  for (let i = 0; i < 1000; i++) samples.push(generateRequests(random), generateResponses(random));
  for (const sample of samples) {
    const seed = { ...sample, bytes: Buffer.from(sample.text, "latin1") };
    seeds.push(seed);
    const refused = seen.refused;
    decode(seed, [seed.bytes], DEFAULT_LIMITS);
    if (seen.refused === refused) soundSeeds.push(seed);
  }
}

function decode({ role, methods }: Seed, pieces: readonly Buffer[], limits: CodecLimits): number {
  return role === "request" ? digestRequests(pieces, limits) : digestResponses(pieces, limits, methods);
}

let residentBefore = 0;
for (let batch = 0; batch * BATCH < MESSAGES; batch++) {
  const count = Math.min(BATCH, MESSAGES - batch * BATCH);
  const isHalf = batch === Math.floor(MESSAGES / BATCH / 2);
  test(`Decoder survives ${count} mutated messages, whole and in pieces alike, batch ${batch + 1} (RFC 9112 §11)`, () => {
    if (isHalf) residentBefore = process.memoryUsage().rss;
    const random = new Random(batch + 1);
    const draft: Draft = { bytes: Buffer.alloc(MAX_BYTES), length: 0 };
    for (let i = 0; i < count; i++) {
      const seed = random.pick(random.chance(0.9) ? soundSeeds : seeds);
      draft.bytes.set(seed.bytes);
      draft.length = seed.bytes.length;
      do mutate(draft, random, random.pick(seeds).bytes); while (random.chance(0.4));
      const limits = random.chance(0.15) ? SMALL_LIMITS : DEFAULT_LIMITS;
      const message = draft.bytes.subarray(0, draft.length);
      const pieces = cutUp(message, random);
      let whole: number | undefined;
      let split: number | undefined;
      let thrown: unknown;
      try {
        whole = decode(seed, [message], limits);
        split = decode(seed, pieces, limits);
      } catch (error) {
        thrown = error;
      }
      if (whole === split && thrown === undefined) continue;
      const shown = {
        role: seed.role,
        methods: seed.methods,
        limits,
        text: message.toString("latin1"),
        pieces: pieces.map((piece) => piece.length),
      };
      throw new Error(`Message ${i} of batch ${batch + 1}: ${JSON.stringify(shown)}`, { cause: thrown });
    }
  });
}

test("Decoder leaves no memory behind after the mutated messages (RFC 9112 §11.1)", () => {
  const grownBytes = process.memoryUsage().rss - residentBefore;
  assert.ok(grownBytes < MAX_GROWN_BYTES, `${grownBytes} bytes`);
});

test("Decoder came to every kind of step and end in the mutated messages", () => {
  assert.deepEqual(Object.entries(seen).filter(([, times]) => times < MESSAGES / 1000), []);
});
