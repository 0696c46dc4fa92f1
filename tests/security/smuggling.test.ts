/** Bytes of an attacker through the whole proxy: what reaches a server is one well-formed request, or nothing. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RawClient } from "../support/raw-client.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { readAnswers, type SeenAnswer } from "./answer-reader.ts";
import { ByteByByte } from "./byte-by-byte.ts";
import { CHUNKED } from "./shapes/chunked.ts";
import { CONNECTION } from "./shapes/connection.ts";
import { CONTENT_LENGTH } from "./shapes/content-length.ts";
import { FIELDS } from "./shapes/fields.ts";
import { HOST } from "./shapes/host.ts";
import { PIPELINING } from "./shapes/pipelining.ts";
import type { Shape } from "./shapes/shape.ts";
import { START_LINE } from "./shapes/start-line.ts";
import { TARGET } from "./shapes/target.ts";
import { TRANSFER_ENCODING } from "./shapes/transfer-encoding.ts";
import { soon } from "./soon.ts";
import { readStrictly, type Seen } from "./strict-reader.ts";
import { startStrictServer } from "./strict-server.ts";

/** What an attacker appends, so that a server that sees another end of the shape takes it for a request. */
const CANARY = "GET /canary HTTP/1.1\r\nHost: a.test\r\nX-Canary: 1\r\nConnection: close\r\n\r\n";
/** Longer shapes are not sent byte by byte: what they try is their length. */
const MAX_SLOW_BYTES = 4096;

const SHAPES: readonly Shape[] = [
  ...CONTENT_LENGTH,
  ...TRANSFER_ENCODING,
  ...CHUNKED,
  ...HOST,
  ...TARGET,
  ...START_LINE,
  ...FIELDS,
  ...CONNECTION,
  ...PIPELINING,
];

/** All that happened to a shape and its canary. */
interface Outcome {
  readonly answers: readonly SeenAnswer[];
  /** What each connection to the server brought. */
  readonly seen: readonly Seen[];
  /** All bytes that the server got. */
  readonly forwarded: string;
  readonly inFlight: number;
}

let slowly: ByteByByte;
before(async () => void (slowly = await ByteByByte.open()));
after(() => slowly.close());

for (const shape of SHAPES) {
  test(`the proxy ${fate(shape)}: ${shape.name}`, async () => {
    judge(shape, await attack(shape, (client, bytes) => client.send(bytes + CANARY)));
  });
  if (shape.bytes.length > MAX_SLOW_BYTES) continue;
  test(`the proxy ${fate(shape)}, byte by byte: ${shape.name}`, async () => {
    judge(
      shape,
      await attack(shape, async (client, bytes) => {
        await slowly.send(client, bytes);
        client.send(CANARY);
      }),
    );
  });
}

test("the corpus holds more than two hundred shapes, each under a name of its own", () => {
  assert.ok(SHAPES.length > 200);
  assert.equal(new Set(SHAPES.map(({ bytes }) => bytes)).size, SHAPES.length);
});

function fate({ expect }: Shape): string {
  if (typeof expect === "number") return `answers ${expect} and closes`;
  return { forwarded: "forwards", last: "forwards and closes", swallowed: "never completes" }[expect];
}

async function attack(
  shape: Shape,
  send: (client: RawClient, bytes: string) => void | Promise<void>,
): Promise<Outcome> {
  const server = await startStrictServer();
  const proxy = await startTestProxy({ servers: [server.port] });
  let stopped: Promise<number> | undefined;
  try {
    const client = await RawClient.open(proxy.port);
    await send(client, shape.bytes);
    // A body that never ends holds the canary, and only the client can put an end to it.
    if (shape.expect === "swallowed") {
      await soon("the canary in the body", () => server.received.includes("X-Canary"));
    } else await soon("the end of the connection", () => client.ended || client.closed);
    client.close();
    await soon("the client's connection to be gone", () => proxy.running.connections === 0);
    // Whoever waits for the server's answer learns of it in a turn of its own.
    await soon("nothing to be in flight", () => proxy.inFlight() === 0);
    const inFlight = proxy.inFlight();
    stopped = proxy.stop();
    await soon("the server's connections to be closed", () => server.open === 0);
    return {
      answers: answersTo(client.received),
      seen: server.connections.map(({ received }) => readStrictly(received)),
      forwarded: server.received,
      inFlight,
    };
  } finally {
    await Promise.all([stopped ?? proxy.stop(), server.close()]);
  }
}

function judge(shape: Shape, outcome: Outcome): void {
  const { answers, seen, forwarded } = outcome;
  const ahead = shape.ahead ?? 0;
  const statuses = answers.map(({ status }) => status);
  const requests = seen.flatMap((connection) => connection.requests);
  const rests = seen.map(({ rest }) => rest).filter((rest) => rest !== "");
  const canaries = requests.filter(({ target }) => target === "/canary");
  const ok = (count: number) => Array<number>(count).fill(200);
  if (typeof shape.expect === "number") {
    assert.deepEqual(statuses, [...ok(ahead), shape.expect]);
    assert.match(answers.at(-1)!.head, /^Connection: close$/m);
    assert.equal(requests.length, ahead);
    assert.ok(rests.length <= (shape.inBody ? 1 : 0));
    assert.ok(!forwarded.includes("anary"));
  } else if (shape.expect === "swallowed") {
    assert.deepEqual(statuses, []);
    assert.equal(requests.length, ahead);
    assert.equal(rests.length, 1);
  } else {
    const behind = shape.expect === "forwarded" ? 1 : 0;
    assert.deepEqual(statuses, ok(ahead + 1 + behind));
    assert.equal(requests.length, ahead + 1 + behind);
    assert.deepEqual(rests, []);
    assert.ok(canaries.length <= behind);
    if (shape.body !== undefined) assert.equal(requests[ahead]!.body, shape.body);
  }
  if (shape.sees !== undefined) assert.ok(forwarded.includes(shape.sees));
  if (shape.hides !== undefined) assert.ok(!forwarded.includes(shape.hides));
  assert.equal(outcome.inFlight, 0);
}

/** All answers in `bytes`, which must be complete. The strict server gives HEAD a length of zero. */
function answersTo(bytes: string): SeenAnswer[] {
  const { answers, rest } = readAnswers(bytes);
  assert.equal(rest, "");
  for (const { complete } of answers) assert.ok(complete);
  return answers;
}
