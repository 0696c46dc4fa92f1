// Runs on Node: reads messages as JSON lines ({ role, methods, text } with latin1 text) on standard input and prints
// for each, as a JSON line, what Node's own parser (llhttp) makes of it. See tests/conformance/against-node.test.ts.
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline";

const { HTTPParser, methods } = createRequire(import.meta.url)("_http_common");
const { kOnHeaders, kOnHeadersComplete, kOnBody, kOnMessageComplete } = HTTPParser;
const MAX_HEADER_BYTES = 1024 * 1024;

/** What onHeadersComplete answers: go on, there is no body, or leave HTTP. */
const GO_ON = 0, NO_BODY = 1;

const names = new Map(methods.map((name) => [numberOf(name), name]));

const { deno, bun, llhttp } = process.versions;
const about = { real: deno === undefined && bun === undefined, node: process.version, llhttp, methods };
process.stdout.write(JSON.stringify(about) + "\n");
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(verdict(JSON.parse(line))) + "\n");
}

/** The number by which the parser names a method; the order of `methods` is another one. */
function numberOf(name) {
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {}, MAX_HEADER_BYTES, 0);
  let number;
  parser[kOnHeadersComplete] = (_major, _minor, _headers, method) => {
    number = method;
    return GO_ON;
  };
  parser.execute(Buffer.from(`${name} ${name === "CONNECT" ? "a:1" : "/"} HTTP/1.1\r\nHost: a\r\n\r\n`));
  parser.close();
  return number;
}

function verdict({ role, methods: asked, text }) {
  const parser = new HTTPParser();
  const isRequest = role === "request";
  parser.initialize(isRequest ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {}, MAX_HEADER_BYTES, 0);
  const messages = [];
  let message;
  let flushed = [];
  let flushedTarget = "";
  let answered = 0;
  // Trailers, and heads too long to come at once.
  parser[kOnHeaders] = (headers, url) => {
    flushed.push(...headers);
    flushedTarget += url;
  };
  parser[kOnHeadersComplete] = (major, minor, headers, method, url, status, reason, upgrade) => {
    const fields = headers ?? flushed;
    const target = url ?? flushedTarget;
    flushed = [];
    flushedTarget = "";
    message = { version: `${major}.${minor}`, fields, upgrade, body: "", trailers: [], complete: false };
    messages.push(message);
    if (isRequest) return Object.assign(message, { method: names.get(method), target }), GO_ON;
    Object.assign(message, { status, reason });
    return status >= 200 && asked[answered] === "HEAD" ? NO_BODY : GO_ON;
  };
  parser[kOnBody] = (chunk, offset, length) => {
    // Node hands over the buffer alone or with a range, by version.
    message.body += Buffer.from(chunk).toString(
      "latin1",
      offset ?? 0,
      offset === undefined ? undefined : offset + length,
    );
  };
  parser[kOnMessageComplete] = () => {
    message.trailers = flushed;
    flushed = [];
    flushedTarget = "";
    message.complete = true;
    if (message.status === undefined || message.status >= 200) answered++;
  };
  const bytes = Buffer.from(text, "latin1");
  let result = parser.execute(bytes, 0, bytes.length);
  const taken = typeof result === "number" ? result : undefined;
  if (taken === bytes.length) result = parser.finish();
  parser.close();
  const error = result instanceof Error ? result.code : undefined;
  return { messages, error, left: error === undefined && taken < bytes.length ? text.slice(taken) : "" };
}
