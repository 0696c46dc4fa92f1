import { get, message, type Shape } from "./shape.ts";

const LINES: [name: string, line: string][] = [
  ["a folded line", "X-A: 1\r\n 2"],
  ["a line folded by a tab", "X-A: 1\r\n\t2"],
  ["a fold that is empty", "X-A: 1\r\n "],
  ["a line without a colon", "X-A"],
  ["a line without a name", ": 1"],
  ["a line of only a colon", ":"],
  ["a blank before the colon", "X-A : 1"],
  ["a tab before the colon", "X-A\t: 1"],
  ["a blank in the name", "X A: 1"],
  ["parentheses in the name", "X(A): 1"],
  ["a slash in the name", "X/A: 1"],
  ["an at sign in the name", "X@A: 1"],
  ["quotes around the name", '"X-A": 1'],
  ["brackets in the name", "X[A]: 1"],
  ["braces in the name", "X{A}: 1"],
  ["a backslash in the name", "X\\A: 1"],
  ["a comma in the name", "X,A: 1"],
  ["a semicolon in the name", "X;A: 1"],
  ["an equals sign in the name", "X=A: 1"],
  ["a name outside ASCII", "X-\xc4: 1"],
  ["a NUL in the name", "X\0A: 1"],
  ["a control byte in the name", "X\x1fA: 1"],
  ["a DEL in the name", "X\x7fA: 1"],
  ["a NUL in the value", "X-A: 1\0"],
  ["a control byte in the value", "X-A: \x01"],
  ["a backspace in the value", "X-A: a\x08b"],
  ["an escape in the value", "X-A: \x1b[2J"],
  ["a vertical tab in the value", "X-A: a\x0bb"],
  ["a form feed in the value", "X-A: a\x0cb"],
  ["a DEL in the value", "X-A: a\x7fb"],
  ["a bare CR in the value", "X-A: 1\rX-B: 2"],
  ["a bare CR at the end", "X-A: 1\r\r\nX-B: 2"],
  ["a bare LF in the value", "X-A: 1\nX-B: 2"],
  ["a bare LF before CRLF", "X-A: 1\n\r\nX-B: 2"],
  ["a head ended by LF and a request behind it", "X-A: 1\n\nGET /inner HTTP/1.1\r\nHost: a.test"],
  ["a head ended by CRLF, LF and a request behind it", "X-A: 1\r\n\nGET /inner HTTP/1.1\r\nHost: a.test"],
  ["a head ended by LF, CRLF and a request behind it", "X-A: 1\n\r\nGET /inner HTTP/1.1\r\nHost: a.test"],
  ["a head ended by two CR and a request behind it", "X-A: 1\r\rGET /inner HTTP/1.1\r\nHost: a.test"],
  ["a head ended by CRLF, CR and a request behind it", "X-A: 1\r\n\rGET /inner HTTP/1.1\r\nHost: a.test"],
];

/** A head with `count` fields, Host included. */
function withFields(count: number): string {
  return get(...Array.from({ length: count - 1 }, (_, i) => `X-${i}: 1`));
}

/** A head of exactly `size` bytes. */
function ofSize(size: number): string {
  const bare = get("X-A: ").length;
  return get(`X-A: ${"a".repeat(size - bare)}`);
}

/** Shapes of field lines, and of expectations. */
export const FIELDS: readonly Shape[] = [
  ...LINES.map(([name, line]): Shape => ({
    name: `fields: ${name}`,
    bytes: get("X-0: 0", line),
    expect: 400,
  })),
  { name: "fields: only LF line ends", bytes: "GET /shape HTTP/1.1\nHost: a.test\n\n", expect: 400 },
  { name: "fields: only CR line ends", bytes: "GET /shape HTTP/1.1\rHost: a.test\r\r", expect: 400 },
  {
    name: "fields: a LF behind the request line",
    bytes: "GET /shape HTTP/1.1\nHost: a.test\r\n\r\n",
    expect: 400,
  },
  {
    name: "fields: a LF for the last line end",
    bytes: "GET /shape HTTP/1.1\r\nHost: a.test\r\n\n",
    expect: 400,
  },
  {
    name: "fields: a fold behind the request line",
    bytes: message("GET /shape HTTP/1.1", [" X: 1", "Host: a.test"]),
    expect: 400,
  },
  { name: "fields: an empty value", bytes: get("X-A:"), expect: "forwarded", sees: "X-A: \r\n" },
  {
    name: "fields: tabs and blanks inside a value",
    bytes: get("X-A: \t a \t b \t"),
    expect: "forwarded",
    sees: "X-A: a \t b\r\n",
  },
  {
    name: "fields: bytes outside ASCII in a value",
    bytes: get("X-A: \x80\xff"),
    expect: "forwarded",
    sees: "X-A: \x80\xff\r\n",
  },
  {
    name: "fields: colons in a value",
    bytes: get("X-A: : b: c"),
    expect: "forwarded",
    sees: "X-A: : b: c\r\n",
  },
  { name: "fields: a name of all token bytes", bytes: get("!#$%&'*+-.^_`|~0aZ: 1"), expect: "forwarded" },
  {
    name: "fields: repeated lines",
    bytes: get("X-A: 1", "x-a: 2"),
    expect: "forwarded",
    sees: "X-A: 1\r\nx-a: 2\r\n",
  },
  {
    name: "fields: names that objects know",
    bytes: get("__proto__: 1", "constructor: 2"),
    expect: "forwarded",
  },
  { name: "fields: 100 of them", bytes: withFields(100), expect: "forwarded" },
  { name: "fields: 101 of them", bytes: withFields(101), expect: 431 },
  { name: "fields: 5000 of them", bytes: withFields(5000), expect: 431 },
  { name: "fields: just 32 KiB", bytes: ofSize(32 * 1024), expect: "forwarded" },
  { name: "fields: two bytes over 32 KiB", bytes: ofSize(32 * 1024 + 2), expect: 431 },
  { name: "fields: 100 KiB", bytes: ofSize(100 * 1024), expect: 431 },
  { name: "fields: a name of 40 KiB", bytes: get("a".repeat(40 * 1024) + ": 1"), expect: 431 },
  { name: "Expect: an unknown expectation", bytes: get("Expect: 200-ok"), expect: 417 },
  { name: "Expect: nothing", bytes: get("Expect:"), expect: 417 },
  { name: "Expect: a parameter", bytes: get("Expect: 100-continue;q=1"), expect: 417 },
  { name: "Expect: a list", bytes: get("Expect: 100-continue, 100-continue"), expect: 417 },
  { name: "Expect: two lines", bytes: get("Expect: 100-continue", "Expect: cow"), expect: 417 },
  {
    name: "Expect: an unknown expectation with a body",
    bytes: get("Expect: cow", "Content-Length: 3") + "abc",
    expect: 417,
  },
  {
    name: "Expect: 100-continue with the body at once",
    bytes: get("Expect: 100-continue", "Content-Length: 3") + "abc",
    expect: "forwarded",
    body: "abc",
  },
  {
    name: "Expect: 100-continue in capitals without a body",
    bytes: get("Expect: 100-CONTINUE"),
    expect: "forwarded",
  },
];
