import { chunks, get, message, post, type Shape } from "./shape.ts";

const CHUNKED_BODY = "3\r\nabc\r\n0\r\n\r\n";

/**
 * Requests that are refused, to be followed by more than a connection is read of at once: the rest comes while the
 * refusal is being written, and must neither be read as requests nor break the answer off.
 */
const FLOODED: [status: number, name: string, bytes: string][] = [
  [400, "no Host", message("GET /shape HTTP/1.1", [])],
  [400, "a bad Host", message("GET /shape HTTP/1.1", ["Host: a/b"])],
  [400, "no path", message("GET shape HTTP/1.1", ["Host: a.test"])],
  [400, "two lengths", post(["Content-Length: 3", "Content-Length: 3"], "abc")],
  [
    400,
    "Content-Length with Transfer-Encoding",
    post(["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
  ],
  [400, "a NUL in a value", get("X-A: \0")],
  [400, "a folded line", get("X-A: 1\r\n 2")],
  [400, "a broken request line", "\r\n\r\n"],
  [400, "CONNECT with a path", message("CONNECT /shape HTTP/1.1", ["Host: a.test"])],
  [405, "CONNECT", message("CONNECT a.test:443 HTTP/1.1", ["Host: a.test:443"])],
  [405, "TRACE", message("TRACE /shape HTTP/1.1", ["Host: a.test"])],
  [417, "an unknown expectation", get("Expect: cow")],
  [431, "101 fields", get(...Array<string>(101).fill("X-A: 1"))],
  [501, "an unknown coding", post(["Transfer-Encoding: cow"], "")],
  [505, "HTTP/1.2", message("GET /shape HTTP/1.2", ["Host: a.test"])],
  [505, "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
];

const FLOOD = get("X-Flood: canary").repeat(4000);

/** Shapes of several requests in a row. */
export const PIPELINING: readonly Shape[] = [
  ...FLOODED.map(([expect, name, bytes]): Shape => ({
    name: `pipelining: 4000 requests behind one with ${name}`,
    bytes: bytes + FLOOD,
    expect,
  })),
  {
    name: "pipelining: 4000 requests behind a broken chunk",
    bytes: chunks("zz\r\n") + FLOOD,
    expect: 400,
    inBody: true,
  },
  { name: "pipelining: three requests", bytes: get() + get() + get(), expect: "forwarded", ahead: 2 },
  { name: "pipelining: forty requests", bytes: get().repeat(40), expect: "forwarded", ahead: 39 },
  {
    name: "pipelining: bodies of each framing",
    bytes: post(["Content-Length: 3"], "abc") + chunks(CHUNKED_BODY) + get(),
    expect: "forwarded",
    ahead: 2,
  },
  {
    name: "pipelining: an empty line between requests",
    bytes: get() + "\r\n" + get(),
    expect: "forwarded",
    ahead: 1,
  },
  {
    name: "pipelining: two empty lines between requests",
    bytes: get() + "\r\n\r\n" + get(),
    expect: 400,
    ahead: 1,
  },
  {
    name: "pipelining: nothing behind Connection: close",
    bytes: get() + get("Connection: close") + get() + get(),
    expect: "last",
    ahead: 1,
  },
  {
    name: "pipelining: two lengths behind a sound request",
    bytes: get() + post(["Content-Length: 3", "Content-Length: 3"], "abc"),
    expect: 400,
    ahead: 1,
  },
  {
    name: "pipelining: Content-Length with Transfer-Encoding behind a sound request",
    bytes: post(["Content-Length: 3"], "abc") +
      post(["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    expect: 400,
    ahead: 1,
  },
  {
    name: "pipelining: a broken chunk behind a sound request",
    bytes: chunks(CHUNKED_BODY) + chunks("g\r\nabc\r\n0\r\n\r\n"),
    expect: 400,
    ahead: 1,
    inBody: true,
  },
  {
    name: "pipelining: no Host behind a sound request",
    bytes: get() + message("GET /x HTTP/1.1", []),
    expect: 400,
    ahead: 1,
  },
  {
    name: "pipelining: HTTP/1.2 behind a sound request",
    bytes: get() + message("GET /x HTTP/1.2", []),
    expect: 505,
    ahead: 1,
  },
  {
    name: "pipelining: an unknown coding behind a sound request",
    bytes: get() + post(["Transfer-Encoding: cow"], ""),
    expect: 501,
    ahead: 1,
  },
  {
    name: "pipelining: an unknown expectation behind a sound request",
    bytes: get() + get("Expect: cow"),
    expect: 417,
    ahead: 1,
  },
  {
    name: "pipelining: CONNECT behind a sound request",
    bytes: get() + message("CONNECT a.test:443 HTTP/1.1", ["Host: a.test:443"]),
    expect: 405,
    ahead: 1,
  },
  {
    name: "pipelining: the preface of HTTP/2 behind a sound request",
    bytes: get() + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    expect: 505,
    ahead: 1,
  },
  {
    name: "pipelining: 101 fields behind a sound request",
    bytes: get() + get(...Array<string>(101).fill("X-A: 1")),
    expect: 431,
    ahead: 1,
  },
  {
    name: "pipelining: a body that is one byte short",
    bytes: post(["Content-Length: 4"], "abc"),
    expect: "forwarded",
    body: "abcG",
    sees: "ET /canary HTTP/1.1",
  },
  {
    name: "pipelining: a body that ends in the next head",
    bytes: post(["Content-Length: 4"], "abc\r") + "\n" + get(),
    expect: 400,
    ahead: 1,
  },
];
