// What a client gets where the proxy itself answers.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { type ErrorAnswer, openFailingScene } from "./failing-scene.ts";
import { get, request } from "./scene.ts";

/** A token or a string, with parameters of the same (RFC 9209 §2, RFC 8941 §3). */
const PROXY_STATUS =
  /^(?:[A-Za-z*][\w!#$%&'*+.^`|~:/-]*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"); error=([a-z_]+); details="([\w ]+)"$/;
const CLOSE = "Connection: close";

const FAILURES: [reason: string, status: string, type: string, request: string][] = [
  ["no_route", "404 Not Found", "destination_not_found", get("/nowhere", CLOSE)],
  ["no_server", "503 Service Unavailable", "destination_unavailable", get("/no_server", CLOSE)],
  ["connect_refused", "502 Bad Gateway", "connection_refused", get("/connect_refused", CLOSE)],
  ["upstream_invalid", "502 Bad Gateway", "http_protocol_error", get("/upstream_invalid", CLOSE)],
  ["upstream_reset", "502 Bad Gateway", "connection_terminated", get("/upstream_reset", CLOSE)],
  [
    "loop_detected",
    "508 Loop Detected",
    "proxy_loop_detected",
    get("/", `Via:${" 1.1 sluice,".repeat(9)}`, CLOSE),
  ],
  ["method_not_allowed", "405 Method Not Allowed", "http_request_denied", request("TRACE", "/")],
  ["expectation_failed", "417 Expectation Failed", "http_request_error", get("/", "Expect: wonders")],
];

/** Requests that cannot be read, so that nothing is known of them. */
const MALFORMED: [reason: string, status: string, type: string, request: string][] = [
  ["bad_request", "400 Bad Request", "http_request_error", "hello\r\n\r\n"],
  ["bad_request", "400 Bad Request", "http_request_error", "GET / HTTP/1.1\r\n\r\n"],
  ["bad_request", "400 Bad Request", "http_request_error", get("/", "Content-Length: x")],
  ["target_too_long", "414 URI Too Long", "http_request_error", get("/" + "x".repeat(20_000))],
  [
    "headers_too_large",
    "431 Request Header Fields Too Large",
    "http_request_error",
    get("/", `X-A: ${"x".repeat(40_000)}`),
  ],
  [
    "coding_unsupported",
    "501 Not Implemented",
    "http_request_error",
    get("/", "Transfer-Encoding: gzip, chunked"),
  ],
  ["version_unsupported", "505 HTTP Version Not Supported", "http_protocol_error", "GET / HTTP/2.0\r\n\r\n"],
];

/** Checks what every error answer has, whatever its form; returns the request's id. */
function checkAnswer(answer: ErrorAnswer, [reason, status, type]: readonly string[]): string {
  assert.ok(answer.head.startsWith(`HTTP/1.1 ${status}\r\n`));
  assert.equal(answer.field("cache-control"), "no-store");
  assert.equal(answer.field("content-length"), String(Buffer.byteLength(answer.body, "latin1")));
  assert.deepEqual(PROXY_STATUS.exec(answer.field("proxy-status"))?.slice(1), [type, reason]);
  assert.match(answer.field("connection"), /^close$/i);
  assert.match(answer.head, /\r\ndate: /i);
  const id = answer.field("x-request-id");
  assert.match(id, /^[\w-]+$/);
  return id;
}

for (const failure of [...FAILURES, ...MALFORMED]) {
  const [reason, status, , text] = failure;
  test(`the proxy answers ${status} as text to ${JSON.stringify(text.slice(0, 40))}`, async (t) => {
    const { ask, proxy } = await openFailingScene(t);
    const answer = await ask(text);
    const id = checkAnswer(answer, failure);
    assert.equal(answer.field("content-type"), "text/plain; charset=utf-8");
    assert.equal(answer.body, `${status}: ${reason}\nRequest id: ${id}\n`);
    const log = await proxy.access(0);
    assert.deepEqual([log["status"], log["reason"], log["request_id"]], [answer.status, reason, id]);
  });
}

for (const failure of FAILURES) {
  const [reason, status, , text] = failure;
  const asking = (accept: string) => text.replace("\r\n\r\n", `\r\nAccept: ${accept}\r\n\r\n`);

  test(`the proxy answers ${reason} as JSON to who wants JSON`, async (t) => {
    const { ask } = await openFailingScene(t);
    const answer = await ask(asking("application/json"));
    const id = checkAnswer(answer, failure);
    assert.equal(answer.field("content-type"), "application/json");
    const [code, ...phrase] = status.split(" ");
    assert.deepEqual(JSON.parse(answer.body), {
      status: Number(code),
      error: phrase.join(" "),
      reason,
      request_id: id,
    });
  });

  test(`the proxy answers ${reason} as HTML to a browser`, async (t) => {
    const { ask } = await openFailingScene(t);
    const answer = await ask(asking("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
    const id = checkAnswer(answer, failure);
    assert.equal(answer.field("content-type"), "text/html; charset=utf-8");
    assert.match(answer.body, /^<!doctype html>/);
    for (const part of [`<h1>${status}</h1>`, `<p>${reason}</p>`, `<code>${id}</code>`]) {
      assert.ok(answer.body.includes(part));
    }
  });

  test(`the proxy answers ${reason} to a HEAD without a body`, async (t) => {
    if (reason === "method_not_allowed") return; // there the method is the failure
    const { ask } = await openFailingScene(t);
    const asking = text.replace("\r\n\r\n", "\r\nX-Request-Id: same\r\nAccept: text/html\r\n\r\n");
    const [whole, head] = [await ask(asking), await ask(asking.replace("GET", "HEAD"))];
    assert.equal(head.body, "");
    const dateless = ({ head }: ErrorAnswer) => head.replace(/date: .*\r\n/i, "").split("\r\n").sort();
    // An id that was not read is another one each time.
    const fields = [whole, head].map((answer) =>
      dateless(answer).filter((line) => !/^x-request-id/i.test(line))
    );
    assert.deepEqual(fields[1], fields[0]);
  });
}

test("the proxy names the methods that it serves in a 405", async (t) => {
  const { ask } = await openFailingScene(t);
  assert.equal(
    (await ask(request("TRACE", "/"))).field("allow"),
    "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
  );
});

test("the proxy says when to come again in a 503", async (t) => {
  const { ask } = await openFailingScene(t);
  assert.equal((await ask(get("/no_server", CLOSE))).field("retry-after"), "1");
});

test("the proxy takes several lines of Accept together", async (t) => {
  const { ask } = await openFailingScene(t);
  const lines = ["Accept: text/html;q=0.1", "accept: application/json;q=0.2", CLOSE];
  assert.equal((await ask(get("/nowhere", ...lines))).field("content-type"), "application/json");
});

for (const [id, kept] of [["my-id.1", true], ["<script>", false], ["x".repeat(129), false]] as const) {
  test(`the proxy ${kept ? "repeats" : "does not repeat"} the request id ${id.slice(0, 10)}`, async (t) => {
    const { ask } = await openFailingScene(t);
    for (const accept of ["text/plain", "application/json", "text/html"]) {
      const answer = await ask(get("/nowhere", `X-Request-Id: ${id}`, `Accept: ${accept}`, CLOSE));
      assert.equal(answer.field("x-request-id") === id, kept);
      assert.equal(answer.body.includes(id), kept);
    }
  });
}

test("the proxy shows no address of a server and no cause in an error answer", async (t) => {
  const { ask, proxy } = await openFailingScene(t);
  for (const [, , , text] of FAILURES) {
    for (const accept of ["text/plain", "application/json", "text/html"]) {
      const { head, body } = await ask(text.replace("\r\n\r\n", `\r\nAccept: ${accept}\r\n\r\n`));
      assert.doesNotMatch(head + body, /127\.0\.0\.1|ECONN|refused:|Error|src\//);
    }
  }
  assert.ok(proxy.accesses.some(({ detail }) => /127\.0\.0\.1|ECONN|refused/i.test(String(detail))));
});

for (const via of ["sluice", "my-proxy.example", "9front", "_edge", "!x", "*x"]) {
  test(`the proxy writes a valid Proxy-Status under the name ${via}`, async (t) => {
    const { ask } = await openFailingScene(t, { via });
    assert.match((await ask(get("/nowhere", CLOSE))).field("proxy-status"), PROXY_STATUS);
  });
}

test("the proxy goes on with the connection after a failure that is not the client's", async (t) => {
  const { ask } = await openFailingScene(t);
  const { head, body } = await ask(get("/nowhere") + get("/connect_refused") + get("/app", CLOSE));
  assert.match(head, /^HTTP\/1\.1 404 /);
  assert.match(body, /HTTP\/1\.1 502 [^]*HTTP\/1\.1 200 OK[^]*fine$/);
});
