import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { test } from "node:test";
import { ProxyError } from "../../src/base/errors.ts";
import { type HeadInput, ResponseHeadSource } from "../../src/downstream/response-head.ts";
import { fieldName } from "../../src/http/field-name.ts";
import type { Fields } from "../../src/http/fields.ts";
import { IpSet } from "../../src/http/ip.ts";
import { DEFAULT_LIMITS } from "../support/default-limits.ts";
import type { Decoder } from "../../src/http1/decoder.ts";
import { Output } from "../../src/http1/output.ts";
import { RequestDecoder } from "../../src/http1/request-decoder.ts";
import { ResponseDecoder } from "../../src/http1/response-decoder.ts";
import type { BodySource } from "../../src/message/body.ts";
import { Exchange, type Peer } from "../../src/message/exchange.ts";
import { IncomingRequest } from "../../src/message/incoming-request.ts";
import { identify, type IdentityPolicy } from "../../src/proxy/identity.ts";
import { type HeadParts, writeRequestHead } from "../../src/proxy/request-head.ts";
import type { RequestEdits } from "../../src/proxy/shape.ts";
import { Random } from "../support/codec/random.ts";
import { textRequestHead } from "../support/heads/text-request-head.ts";
import { textResponseHead } from "../support/heads/text-response-head.ts";

// Heads with all kinds of fields, changed at random, written by the proxy and by writers that put every line together as
// text: both say the same to the letter. The variable SLUICE_FUZZ sets the number of heads. The seeds are fixed, so a
// failure comes again; it prints its head.

const HEADS = Number(process.env["SLUICE_FUZZ"] || 10_000);
/** Heads of one test, so that no test comes near a runner's time limit. */
const BATCH = 20_000;

const SHARED_LINES = [
  "Accept: */*",
  "accept: text/html, b;q=0.5",
  "Cookie: a=1; b=2",
  "X-Empty:",
  "X-Empty: ",
  "X-Blanks: \t 1 \t",
  "X-Close:1",
  "X-After: 1 ",
  "X-After: 1\t",
  "X-Obs: \xe9\xff",
  "X_Alias: 1",
  "X_Forwarded_For: 9.9.9.9",
  "Connection: X-Named, close",
  "Connection: keep-alive",
  "Connection: trailer, x-empty",
  "X-Named: 1",
  "Keep-Alive: timeout=5",
  "TE: trailers",
  "Upgrade: websocket",
  "Proxy-Authorization: Basic eA==",
  "Proxy-Authenticate: Basic",
  "Trailer: X-Sum, Content-Length",
  "Trailer: X-Forwarded-For",
  "Trailer: Host",
  "Via: 1.1 other",
  "Date: Sun, 06 Nov 1994 08:49:37 GMT",
  "Max-Forwards: 7",
  "Content-Type: text/plain",
];
const REQUEST_LINES = [
  ...SHARED_LINES,
  "X-Forwarded-For: 1.2.3.4",
  "x-forwarded-for: 5.6.7.8, 1.1.1.1",
  "X-Forwarded-Proto: https",
  "X-Forwarded-Host: outer",
  "X-Forwarded-Port: 8443",
  "X-Forwarded-Prefix: /outer/",
  "X-Forwarded-Other: 1",
  'Forwarded: for=1.2.3.4;proto=https;host="h:1"',
  "X-Real-IP: 1.2.3.4",
  "X-Request-Id: abc-123",
  "X-Request-Id: not one",
  "Expect: 100-continue",
];
const HOSTS = ["a", "a:8080", "example.com", "[::1]:80", "a:"];
const METHODS = ["GET", "GET", "HEAD", "POST", "OPTIONS", "X-OWN"];
const NAMES = [...REQUEST_LINES, "Content-Length: 1", "Host: a"].map((line) => line.split(":")[0]!);

const NO_INFORMER = { inform() {} };
/** Peers that ask more than once, as on a connection. */
const PEERS: readonly Peer[] = [
  { address: "192.0.2.1", port: 1, secure: false },
  { address: "192.0.2.1", port: 2, secure: true },
  { address: "2001:db8::1", port: 3, secure: false },
  { address: "", port: 0, secure: false, unix: true },
];
const TRUSTED = new IpSet([{ groups: [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201], bits: 128 }]);
const UNTRUSTED = new IpSet([]);

function policies(): IdentityPolicy[] {
  const made: IdentityPolicy[] = [];
  for (const clientHeader of ["x-forwarded-for", "forwarded"] as const) {
    for (const trusts of [false, false, true]) {
      for (const flag of [false, true]) {
        made.push({
          trusted: trusts ? TRUSTED : UNTRUSTED,
          trustsUnix: trusts,
          clientHeader,
          keepsUntrustedChain: flag,
          aliases: flag ? "keep" : "drop",
          sendsForwarded: flag !== trusts,
          transparent: made.length % 5 === 4,
          name: "sluice",
          via: "sluice",
        });
      }
    }
  }
  return made;
}
const POLICIES = policies();

/** Lines of `choices` in random order, some of them twice. */
function linesOf(random: Random, choices: readonly string[]): string {
  let lines = "";
  for (let count = random.below(12); count > 0; count--) lines += random.pick(choices) + "\r\n";
  return lines;
}

/** Changes `fields` as rules and shapes do. */
function edit(fields: Fields, random: Random): void {
  if (!random.chance(0.3)) return;
  for (let count = 1 + random.below(3); count > 0 && fields.size > 0; count--) {
    const kind = random.below(3);
    if (kind === 0) fields.append(random.pick(NAMES), "added");
    else if (kind === 1) {
      const unwanted = fieldName(random.pick(NAMES)).lower;
      if (unwanted !== "host") fields.removeWhere(({ lower }) => lower === unwanted);
    } else {
      const line = random.below(fields.size);
      const { lower } = fields.kinds[line]!;
      if (lower !== "host" && lower !== "content-length") fields.setValue(line, "changed");
    }
  }
}

function editsOf(random: Random): RequestEdits | undefined {
  if (!random.chance(0.3)) return undefined;
  const dropped = new Set([random.pick(NAMES), random.pick(NAMES)].map((name) => name.toLowerCase()));
  return {
    drops: ({ lower }) => dropped.has(lower),
    dropsTrailer: ({ lower }) => dropped.has(lower),
    lines: ({ method }) => `X-Set: ${method}\r\n`,
    bare: random.chance(0.2),
  };
}

function bodyOf(random: Random): BodySource | null {
  if (random.chance(0.6)) return null;
  const length = random.pick([undefined, 0, 7, 12]);
  return { length, losesTrailers: random.chance(0.3), start() {}, resume() {}, cancel() {} };
}

function written(write: (output: Output) => void): string {
  const output = new Output();
  write(output);
  const text = output.take().toString("latin1");
  output.settle(true);
  return text;
}

/** The head of the last message of `text`, which comes in any pieces behind others of its connection. */
function lastHead<Head>(decoder: Decoder<Head>, text: string, random: Random): Head | undefined {
  const bytes = Buffer.from(text, "latin1");
  for (let from = 0, cuts = random.below(3); from < bytes.length; cuts--) {
    const to = cuts <= 0 ? bytes.length : from + random.below(bytes.length - from + 1);
    decoder.push(bytes.subarray(from, to));
    from = to;
  }
  let head: Head | undefined;
  for (let step = decoder.next(); step !== "more"; step = decoder.next()) {
    if (step === "head") head = decoder.head;
  }
  return head;
}

/** Reads what a client asks, now and then behind another request; undefined where it is refused. */
function readRequest(text: string, random: Random): RequestDecoder["head"] | undefined {
  const before = random.chance(0.3) ? "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" : "";
  try {
    return lastHead(new RequestDecoder(DEFAULT_LIMITS), before + text, random);
  } catch (error) {
    if (error instanceof ProxyError) return undefined;
    throw error;
  }
}

let requests = 0;

function compareRequest(random: Random): void {
  const version = random.mostly(["HTTP/1.1"], ["HTTP/1.0"], 0.1);
  const length = random.chance(0.2) ? `Content-Length: ${random.pick(["0", "7", "007", "12"])}\r\n` : "";
  const host = `${random.pick(["Host: ", "hOST:", "Host:\t"])}${random.pick(HOSTS)}\r\n`;
  const text = `${random.pick(METHODS)} ${random.pick(["/", "/a/b?c=d", "/\xe9"])} ${version}\r\n` +
    linesOf(random, REQUEST_LINES) + host + length + linesOf(random, REQUEST_LINES) + "\r\n";
  const head = readRequest(text, random);
  if (head === undefined) return;
  edit(head.fields, random);
  const policy = random.pick(POLICIES);
  const { method, minorVersion, fields, authority, target } = head;
  const asked = { method, target: target.path, authority, minorVersion, startedAt: 0, fields };
  const request = new IncomingRequest(head, new Exchange(random.pick(PEERS), asked, NO_INFORMER), null);
  identify(request, policy);
  const parts: HeadParts = {
    method,
    target: random.chance(0.9) ? target.path : "*",
    fields,
    body: bodyOf(random),
    policy,
    upgrade: random.chance(0.1) ? "websocket" : undefined,
    edits: editsOf(random),
    prefix: random.chance(0.1) ? "/prefix" : undefined,
    via: random.pick(["sluice", "sluice", "other", false]),
  };
  const destination = {
    authorization: random.chance(0.1) ? "Basic eA==" : undefined,
    host: random.chance(0.5) ? authority : "server:1",
    basePath: random.chance(0.1) ? "/base" : "",
  };
  const expected = textRequestHead(request, parts, destination);
  for (let time = 0; time < 2; time++) { // a head may be written again for another server
    const actual = written((output) => writeRequestHead(output, request, parts, destination));
    assert.equal(
      actual,
      expected,
      JSON.stringify({ text, parts: { ...parts, fields: undefined }, destination }),
    );
  }
  requests++;
}

function compareResponse(random: Random): void {
  const length = random.chance(0.4) ? `Content-Length: ${random.pick(["0", "7", "007", "12"])}\r\n` : "";
  const status = random.pick([200, 200, 204, 304, 404, 407, 599]);
  const text = `HTTP/1.1 ${status} ${random.pick(["OK", "", "\xe9"])}\r\n` + linesOf(random, SHARED_LINES) +
    length + linesOf(random, SHARED_LINES) + "\r\n";
  const before = random.chance(0.3) ? "HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc" : "";
  const { reason, fields } = lastHead(new ResponseDecoder(DEFAULT_LIMITS), before + text, random)!;
  if (random.chance(0.1)) fields.append("Content-Length", random.pick(["7", "+7", "x", "7.0"]));
  edit(fields, random);
  const body = bodyOf(random);
  const input: HeadInput = {
    status,
    reason,
    fields,
    length: body?.length,
    hasBody: body !== null,
    keepsTrailers: random.chance(0.5),
    dropsTrailer: random.chance(0.5) ? undefined : ({ lower }) => lower === "x-sum",
    method: random.pick(METHODS),
    minorVersion: random.chance(0.9) ? 1 : 0,
    keepAlive: random.chance(0.8),
  };
  // Both within one second, as a Date is added.
  for (;;) {
    const before = Math.floor(Date.now() / 1000);
    const expected = textResponseHead(input);
    const source = new ResponseHeadSource(input);
    const actual = written((output) => source.writeHead(output));
    if (Math.floor(Date.now() / 1000) !== before) continue;
    assert.equal(actual, expected.text, JSON.stringify({ text, input: { ...input, fields: undefined } }));
    assert.equal(source.delivery, expected.delivery);
    return;
  }
}

for (let batch = 0; batch * BATCH < HEADS; batch++) {
  const count = Math.min(BATCH, HEADS - batch * BATCH);
  test(`The proxy writes ${count} heads as one that puts every line together as text, batch ${batch + 1}`, () => {
    const random = new Random(2000 + batch);
    for (let i = 0; i < count; i++) {
      try {
        if (random.chance(0.5)) compareRequest(random);
        else compareResponse(random);
      } catch (cause) {
        throw new Error(`Head ${i} of batch ${batch + 1}`, { cause });
      }
    }
  });
}

test("The proxy read enough of the heads that it wrote", () =>
  assert.ok(requests > HEADS / 5, `${requests}`));
