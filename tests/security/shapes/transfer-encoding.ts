import { get, message, post, type Shape } from "./shape.ts";

const EMPTY = "0\r\n\r\n";

/** Values of Transfer-Encoding that are no single `chunked`. */
const VALUES: [status: number, name: string, value: string][] = [
  [400, "identity", "identity"],
  [400, "chunked twice", "chunked, chunked"],
  [400, "chunked twice without a blank", "chunked,chunked"],
  [400, "a coding behind chunked", "chunked, gzip"],
  [400, "identity before chunked", "identity, chunked"],
  [400, "identity behind chunked", "chunked, identity"],
  [400, "nothing", ""],
  [400, "a comma in front", ", chunked"],
  [400, "a comma behind", "chunked,"],
  [400, "double quotes", '"chunked"'],
  [400, "a parameter", "chunked;q=1"],
  [400, "a semicolon behind", "chunked;"],
  [400, "a blank inside", "chun ked"],
  [400, "a second word", "chunked identity"],
  [400, "a vertical tab in front", "\x0bchunked"],
  [400, "a form feed behind", "chunked\x0c"],
  [400, "a NUL behind", "chunked\0"],
  [400, "a DEL behind", "chunked\x7f"],
  [400, "a next-line byte behind", "chunked\x85"],
  [400, "a no-break space in front", "\xa0chunked"],
  [400, "a Kelvin-like letter", "chun\xe7ed"],
  [400, "chunked in brackets", "[chunked]"],
  [501, "gzip before chunked", "gzip, chunked"],
  [501, "x-gzip and deflate before chunked", "x-gzip, deflate, chunked"],
  [501, "compress before chunked", "compress,chunked"],
  [501, "gzip alone", "gzip"],
  [501, "an unknown coding", "xchunked"],
  [501, "an unknown coding before chunked", "cow, chunked"],
  [501, "single quotes", "'chunked'"],
  [501, "a shortened name", "chunk"],
  [501, "trailers", "trailers"],
];

/** Shapes of Transfer-Encoding, alone and together with Content-Length. */
export const TRANSFER_ENCODING: readonly Shape[] = [
  ...VALUES.map(([expect, name, value]): Shape => ({
    name: `Transfer-Encoding with ${name}`,
    bytes: post([`Transfer-Encoding: ${value}`], EMPTY),
    expect,
  })),
  {
    name: "Content-Length before Transfer-Encoding",
    bytes: post(["Content-Length: 5", "Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding before Content-Length",
    bytes: post(["Transfer-Encoding: chunked", "Content-Length: 5"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding with a Content-Length of zero",
    bytes: post(["Transfer-Encoding: chunked", "Content-Length: 0"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding with an empty Content-Length",
    bytes: post(["Content-Length:", "Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "Content-Length with an unknown coding",
    bytes: post(["Content-Length: 5", "Transfer-Encoding: cow"], EMPTY),
    expect: 400,
  },
  {
    name: "Content-Length with Transfer-Encoding that Connection names",
    bytes: post(["Connection: Content-Length", "Content-Length: 5", "Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "two chunked lines",
    bytes: post(["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "a chunked and an identity line",
    bytes: post(["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], EMPTY),
    expect: 400,
  },
  {
    name: "an unknown and a chunked line",
    bytes: post(["Transfer-Encoding: cow", "transfer-encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "an empty and a chunked line",
    bytes: post(["Transfer-Encoding:", "Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding in HTTP/1.0",
    bytes: message("POST /shape HTTP/1.0", ["Host: a.test", "Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding in HTTP/1.0 with keep-alive",
    bytes: message("POST /shape HTTP/1.0", ["Connection: keep-alive", "Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  { name: "a blank before the colon", bytes: post(["Transfer-Encoding : chunked"], EMPTY), expect: 400 },
  { name: "a tab before the colon", bytes: post(["Transfer-Encoding\t: chunked"], EMPTY), expect: 400 },
  {
    name: "a blank before the name",
    bytes: post(["X-A: 1", " Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  { name: "a folded value", bytes: post(["Transfer-Encoding:\r\n chunked"], EMPTY), expect: 400 },
  { name: "a value folded by LF", bytes: post(["Transfer-Encoding:\n chunked"], EMPTY), expect: 400 },
  {
    name: "a value folded by a tab",
    bytes: post(["Transfer-Encoding: chunked\r\n\t, cow"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding behind a bare CR",
    bytes: post(["X-A: 1\rTransfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding behind a bare LF",
    bytes: post(["X-A: 1\nTransfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding behind two CR",
    bytes: post(["X-A: 1\r\r\nTransfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "Transfer-Encoding behind a NUL",
    bytes: post(["X-A: 1\0Transfer-Encoding: chunked"], EMPTY),
    expect: 400,
  },
  { name: "a NUL in the name", bytes: post(["Transfer-Encoding\0: chunked"], EMPTY), expect: 400 },
  {
    name: "a name with a byte outside ASCII",
    bytes: post(["Transfer-Encod\xefng: chunked"], EMPTY),
    expect: 400,
  },
  {
    name: "chunked in capitals",
    bytes: post(["TRANSFER-ENCODING: CHUNKED"], "3\r\nabc\r\n" + EMPTY),
    expect: "forwarded",
    body: "abc",
  },
  {
    name: "blanks around chunked",
    bytes: post(["Transfer-Encoding: \t chunked \t"], "3\r\nabc\r\n" + EMPTY),
    expect: "forwarded",
    body: "abc",
  },
  {
    name: "no blank behind the colon",
    bytes: post(["transfer-encoding:chunked"], "3\r\nabc\r\n" + EMPTY),
    expect: "forwarded",
    body: "abc",
  },
  {
    name: "chunked with GET",
    bytes: get("Transfer-Encoding: chunked") + "3\r\nabc\r\n" + EMPTY,
    expect: "forwarded",
    body: "abc",
  },
  {
    name: "Transfer-Encoding that Connection names",
    bytes: post(["Connection: Transfer-Encoding", "Transfer-Encoding: chunked"], "3\r\nabc\r\n" + EMPTY),
    expect: "forwarded",
    body: "abc",
  },
  {
    name: "Content-Length that Connection names",
    bytes: post(["Connection: close, Content-Length", "Content-Length: 3"], "abc"),
    expect: "last",
    body: "abc",
    sees: "Content-Length: 3\r\n",
  },
  {
    name: "Content-Encoding with chunked, which frames nothing",
    bytes: post(["Content-Encoding: chunked", "Content-Length: 5"], EMPTY),
    expect: "forwarded",
    body: EMPTY,
  },
  {
    name: "Transfer_Encoding, which is another field",
    bytes: post(["Transfer_Encoding: chunked", "Content-Length: 5"], EMPTY),
    expect: "forwarded",
    body: EMPTY,
  },
];
