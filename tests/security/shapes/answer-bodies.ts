import { type HostileAnswer, ok, POISON } from "./answer.ts";

const CHUNKED = ["Transfer-Encoding: chunked"];

const BROKEN_CHUNKS: [name: string, body: string][] = [
  ["a chunk size that is no number", "zz\r\nok\r\n0\r\n\r\n"],
  ["a chunk without a size", "\r\nok\r\n0\r\n\r\n"],
  ["a chunk size with a prefix", "0x2\r\nok\r\n0\r\n\r\n"],
  ["a negative chunk size", "-2\r\nok\r\n0\r\n\r\n"],
  ["a blank behind a chunk size", "2 \r\nok\r\n0\r\n\r\n"],
  ["a chunk size of 17 digits", "00000000000000002\r\nok\r\n0\r\n\r\n"],
  ["a chunk size of 2^64 less one", "ffffffffffffffff\r\nok\r\n0\r\n\r\n"],
  ["a chunk size ended by LF", "2\nok\r\n0\r\n\r\n"],
  ["a chunk longer than its size", "2\r\nokay\r\n0\r\n\r\n"],
  ["a chunk shorter than its size", "4\r\nok\r\n0\r\n\r\n"],
  ["a chunk extension with a LF", "2;a\n\r\nok\r\n0\r\n\r\n"],
  ["a chunk extension of 2 KiB", `2;a=${"b".repeat(2048)}\r\nok\r\n0\r\n\r\n`],
  ["a last chunk ended by LF", "2\r\nok\r\n0\n\n"],
  ["an answer in place of the trailers", "2\r\nok\r\n0\r\n" + POISON],
  ["a folded trailer", "2\r\nok\r\n0\r\nX-A: 1\r\n 2\r\n\r\n"],
];

/** Answers that begin well and then break: the client gets the beginning, and must see that it is no more. */
export const CUT_ANSWERS: readonly HostileAnswer[] = [
  ...BROKEN_CHUNKS.map(([name, body]): HostileAnswer => ({ name, bytes: ok(CHUNKED, body) })),
  {
    name: "101 trailers",
    bytes: ok(CHUNKED, "2\r\nok\r\n0\r\n" + "X-A: 1\r\n".repeat(101) + "\r\n"),
    reason: "answer_head_too_large",
  },
  {
    name: "a close in a counted body",
    bytes: ok(["Content-Length: 5"], "ok"),
    then: "close",
    reason: "upstream_reset",
  },
  {
    name: "a reset in a counted body",
    bytes: ok(["Content-Length: 5"], "ok"),
    then: "reset",
    reason: "upstream_reset",
  },
  {
    name: "a close before a counted body",
    bytes: ok(["Content-Length: 5"]),
    then: "close",
    reason: "upstream_reset",
  },
  {
    name: "a close between chunks",
    bytes: ok(CHUNKED, "2\r\nok\r\n"),
    then: "close",
    reason: "upstream_reset",
  },
  {
    name: "a reset between chunks",
    bytes: ok(CHUNKED, "2\r\nok\r\n"),
    then: "reset",
    reason: "upstream_reset",
  },
  { name: "a close in a chunk", bytes: ok(CHUNKED, "5\r\nok"), then: "close", reason: "upstream_reset" },
  {
    name: "a close in a chunk size",
    bytes: ok(CHUNKED, "2\r\nok\r\n5"),
    then: "close",
    reason: "upstream_reset",
  },
  {
    name: "a close in the trailers",
    bytes: ok(CHUNKED, "2\r\nok\r\n0\r\nX-A: 1\r\n"),
    then: "close",
    reason: "upstream_reset",
  },
  {
    name: "a close before the last line end",
    bytes: ok(CHUNKED, "2\r\nok\r\n0\r\n"),
    then: "close",
    reason: "upstream_reset",
  },
  {
    name: "a reset of a body that a close would end",
    bytes: ok([], "ok"),
    then: "reset",
    reason: "upstream_reset",
  },
];

/** Sound answers with more behind them, or behind which nothing may follow. The connection is not used again. */
export const LAST_ANSWERS: readonly HostileAnswer[] = [
  { name: "a second answer behind a counted body", bytes: ok(["Content-Length: 2"], "ok") + POISON },
  { name: "a second answer behind an empty body", bytes: ok(["Content-Length: 0"]) + POISON, body: "" },
  { name: "a second answer behind the last chunk", bytes: ok(CHUNKED, "2\r\nok\r\n0\r\n\r\n") + POISON },
  {
    name: "half an answer behind a counted body",
    bytes: ok(["Content-Length: 2"], "ok") + POISON.slice(0, 20),
  },
  {
    name: "an interim answer behind a counted body",
    bytes: ok(["Content-Length: 2"], "ok") + "HTTP/1.1 100 \r\n\r\n",
  },
  { name: "one byte behind a counted body", bytes: ok(["Content-Length: 2"], "ok!") },
  { name: "an empty line behind a counted body", bytes: ok(["Content-Length: 2"], "ok\r\n") },
  { name: "an empty line behind the last chunk", bytes: ok(CHUNKED, "2\r\nok\r\n0\r\n\r\n\r\n") },
  { name: "a body for HEAD", method: "HEAD", bytes: ok(["Content-Length: 2"], "ok"), body: "" },
  {
    name: "an answer as the body for HEAD",
    method: "HEAD",
    bytes: ok([`Content-Length: ${POISON.length}`], POISON),
    body: "",
  },
  { name: "a chunked body for HEAD", method: "HEAD", bytes: ok(CHUNKED, "2\r\nok\r\n0\r\n\r\n"), body: "" },
  { name: "a body with 204", bytes: "HTTP/1.1 204 No Content\r\n\r\n" + POISON, body: "" },
  {
    name: "a counted body with 204",
    bytes: "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok",
    body: "",
  },
  {
    name: "a chunked body with 204",
    bytes: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    body: "",
  },
  { name: "a body with 304", bytes: "HTTP/1.1 304 Not Modified\r\n\r\n" + POISON, body: "" },
  {
    name: "a counted body with 304",
    bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok",
    body: "",
  },
  {
    name: "a chunked body with 304",
    bytes: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    body: "",
  },
  { name: "Connection: close and no close", bytes: ok(["Connection: close", "Content-Length: 2"], "ok") },
  {
    name: "Connection: close in a list",
    bytes: ok(["Connection: x, CLOSE", "Content-Length: 2"], "ok") + POISON,
  },
  { name: "HTTP/1.0 and no close", bytes: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" },
  { name: "a body that the close ends", bytes: ok([], "ok"), then: "close" },
  { name: "a close behind a counted body", bytes: ok(["Content-Length: 2"], "ok"), then: "close" },
  { name: "a reset behind a counted body", bytes: ok(["Content-Length: 2"], "ok"), then: "reset" },
];
