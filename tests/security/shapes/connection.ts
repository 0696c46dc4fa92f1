import { get, message, post, type Shape } from "./shape.ts";

/** Shapes of Connection and of Upgrade: what may be named, and bytes sent too early. */
export const CONNECTION: readonly Shape[] = [
  { name: "Connection: close", bytes: get("Connection: close"), expect: "last", hides: "Connection" },
  {
    name: "Connection: close in a list",
    bytes: get("Connection: x, CLOSE"),
    expect: "last",
    hides: "Connection",
  },
  {
    name: "Connection: close in a second line",
    bytes: get("Connection: keep-alive", "connection: close"),
    expect: "last",
  },
  {
    name: "Connection: close with bytes behind the body",
    bytes: post(["Connection: close", "Content-Length: 3"], "abcdef"),
    expect: "last",
    body: "abc",
  },
  {
    name: "Connection: that names who the client is",
    bytes: get(
      "Connection: X-Forwarded-For, Host, Authorization, X-Forwarded-Proto, Via",
      "Authorization: Basic eA==",
      "X-Forwarded-For: 9.9.9.9",
    ),
    expect: "forwarded",
    sees: "X-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n",
  },
  {
    name: "Connection: that names Authorization",
    bytes: get("Connection: Authorization, Cookie", "Authorization: Basic eA==", "Cookie: a=b"),
    expect: "forwarded",
    sees: "Authorization: Basic eA==\r\nCookie: a=b\r\n",
  },
  {
    name: "Connection: that names a field",
    bytes: get("Connection: X-Secret", "X-Secret: 1"),
    expect: "forwarded",
    hides: "X-Secret",
  },
  {
    name: "Connection: of commas",
    bytes: get("Connection: ,,, ,"),
    expect: "forwarded",
    hides: "Connection",
  },
  {
    name: "Connection: of no tokens",
    bytes: get('Connection: "close", (x), a b'),
    expect: "forwarded",
    hides: "Connection",
  },
  { name: "Connection: nothing", bytes: get("Connection:"), expect: "forwarded", hides: "Connection" },
  {
    name: "Proxy-Connection: close, which closes nothing",
    bytes: get("Proxy-Connection: close"),
    expect: "forwarded",
    hides: "Proxy",
  },
  {
    name: "Keep-Alive and TE",
    bytes: get("Keep-Alive: timeout=9", "TE: trailers, chunked"),
    expect: "forwarded",
    hides: "timeout",
  },
  {
    name: "Upgrade that the server declines",
    bytes: get("Connection: Upgrade", "Upgrade: websocket"),
    expect: "forwarded",
    sees: "Upgrade: websocket\r\n",
  },
  {
    name: "Upgrade with early data that is a request",
    bytes: get("Connection: Upgrade", "Upgrade: websocket") + "GET /inner HTTP/1.1\r\nHost: a.test\r\n\r\n",
    expect: "forwarded",
    ahead: 1,
  },
  {
    name: "Upgrade with early data that is no request",
    bytes: get("Connection: Upgrade", "Upgrade: websocket") + "\x81\x85abcdefghi\r\n\r\n",
    expect: 400,
    ahead: 1,
  },
  {
    name: "Upgrade without Connection",
    bytes: get("Upgrade: websocket"),
    expect: "forwarded",
    hides: "Upgrade",
  },
  {
    name: "Upgrade with a body",
    bytes: post(["Connection: Upgrade", "Upgrade: websocket", "Content-Length: 3"], "abc"),
    expect: "forwarded",
    body: "abc",
    hides: "Upgrade",
  },
  {
    name: "Upgrade with a chunked body",
    bytes: post(
      ["Connection: Upgrade", "Upgrade: websocket", "Transfer-Encoding: chunked"],
      "3\r\nabc\r\n0\r\n\r\n",
    ),
    expect: "forwarded",
    body: "abc",
    hides: "Upgrade",
  },
  {
    name: "Upgrade with a body of its own length and a request in it",
    bytes: post(
      ["Connection: Upgrade", "Upgrade: websocket", "Content-Length: 40"],
      "GET /inner HTTP/1.1\r\nHost: inner.tes\r\n\r\n",
    ),
    expect: "forwarded",
    hides: "Upgrade",
  },
  {
    name: "Upgrade in HTTP/1.0",
    bytes: message("GET /shape HTTP/1.0", ["Connection: Upgrade", "Upgrade: websocket"]),
    expect: "last",
    hides: "Upgrade",
  },
  {
    name: "Upgrade to h2c",
    bytes: get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
    expect: "forwarded",
    hides: "h2c",
  },
  {
    name: "Upgrade to H2C",
    bytes: get("Connection: upgrade", "Upgrade: H2C"),
    expect: "forwarded",
    hides: "H2C",
  },
  {
    name: "Upgrade to h2",
    bytes: get("Connection: upgrade", "Upgrade: h2"),
    expect: "forwarded",
    hides: "h2",
  },
  {
    name: "Upgrade to h2c in a list",
    bytes: get("Connection: upgrade", "Upgrade: websocket,h2c"),
    expect: "forwarded",
    hides: "h2c",
  },
  {
    name: "Upgrade to h2c in a second line",
    bytes: get("Connection: upgrade", "Upgrade: websocket", "upgrade: h2c"),
    expect: "forwarded",
    hides: "h2c",
  },
  {
    name: "Upgrade to HTTP/2.0",
    bytes: get("Connection: upgrade", "Upgrade: HTTP/2.0"),
    expect: "forwarded",
    hides: "HTTP/2.0",
  },
  {
    name: "Upgrade to a draft of h2c",
    bytes: get("Connection: upgrade", "Upgrade: h2c-17"),
    expect: "forwarded",
    hides: "h2c",
  },
  {
    name: "Upgrade to TLS, which hides what follows",
    bytes: get("Connection: upgrade", "Upgrade: TLS/1.0"),
    expect: "forwarded",
    hides: "TLS",
  },
  {
    name: "Upgrade and Content-Length with Transfer-Encoding",
    bytes: post([
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Content-Length: 5",
      "Transfer-Encoding: chunked",
    ], "0\r\n\r\n"),
    expect: 400,
  },
  {
    name: "Upgrade with HEAD",
    bytes: message("HEAD /shape HTTP/1.1", ["Host: a.test", "Connection: Upgrade", "Upgrade: websocket"]),
    expect: "forwarded",
  },
];
