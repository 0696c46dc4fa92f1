import type { Random } from "./random.ts";

/** One connection's worth of bytes, and what was asked where they are answers. */
export interface Sample {
  readonly role: "request" | "response";
  /** latin1. */
  readonly text: string;
  /** Methods of the requests that were sent, in order; GET where the list ends. */
  readonly methods: readonly string[];
}

const METHODS = [
  "GET",
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "PROPFIND",
  "QUERY",
  "PURGE",
];
const ODD_METHODS = [
  "FOO",
  "get",
  "G T",
  "",
  "GE\tT",
  "G(T",
  "M-SEARCH",
  "PRI",
  "GET:",
  "G\0T",
  "\xe9",
  "X-TOKEN",
];

const TARGETS = ["/", "/", "/a/b", "/a?b=c", "/?", "/%20", "//x", "/..", "/a:b@c", "/index.html?x=1&y=2;z"];
const ODD_TARGETS = [
  "*",
  "",
  "a",
  "a:80",
  "/#x",
  "/a#",
  "/\xe9",
  "/\0",
  "/\x7f",
  "/a\\b",
  '/"<>^`{|}',
  "?x",
  "/ x",
  "/\tx",
  "\\",
];
const URLS = ["http://a", "http://a/", "http://a:80/x", "HTTP://A/x?y", "http://A:80?q"];
const ODD_URLS = [
  "https://a:443?q",
  "http://[::1]:8080/",
  "http://b/",
  "http://u:p@a/",
  "http://a:/",
  "http://a:99999/",
  "http:///x",
  "http://",
  "http:/a",
  "http://a b/",
  "http://a\\b/",
  "http://a%41/",
  "http://[::1/",
  "ftp://a/",
  "http://a/?x#y",
];
const AUTHORITIES = ["a:443", "[::1]:443", "1.2.3.4:80"];
const ODD_AUTHORITIES = ["a", "a:", "u@a:443", "/", "a:99999", "a:443/"];

const VERSIONS = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0"];
const ODD_VERSIONS = [
  "HTTP/1.2",
  "HTTP/2.0",
  "HTTP/0.9",
  "HTTP/1",
  "HTTP/1.10",
  "http/1.1",
  "HTTP/1.1 ",
  "HTTPS/1.1",
  "",
  "HTTP/01.1",
  "HTTP/3.0",
  "XTTP/1.1",
];

const HOSTS = ["a", "a", "a", "A:80", "example.com", "[::1]:8080", "1.2.3.4"];
const ODD_HOSTS = [
  "",
  "a, b",
  "a b",
  "u@a",
  "a/b",
  "a:",
  "a:99999",
  "a%20",
  "\xe9",
  "[::1",
  "http://a",
  "a:80x",
];

const NAMES = [
  "X",
  "x-lower",
  "Accept",
  "COOKIE",
  "User-Agent",
  "Content-Type",
  "Referer",
  "X_y",
  "!#$%&'*+-.^_`|~0",
];
const ODD_NAMES = [
  "X ",
  "X\t",
  "",
  " X",
  "X Y",
  "X(",
  "X@",
  '"X"',
  "X\xe9",
  "X\0",
  "X\x7f",
  "X\r",
  "X\n",
  "X,",
];

const VALUES = [
  "1",
  "",
  "a b",
  "a\tb",
  "\t1 ",
  ":",
  "\xe9\x80\xff",
  '"q;,"',
  "x".repeat(60),
  "a, b",
  "100-continue",
];
const ODD_VALUES = [
  "a\0b",
  "a\x01b",
  "a\x0bb",
  "a\x7fb",
  "a\rb",
  "a\nb",
  "1\r\n 2",
  "1\r\n\t2",
  "1\r",
  "1\r\r",
  "a\x1bb",
  "\x08",
];

const CONNECTIONS = [
  "keep-alive",
  "close",
  "Keep-Alive, X",
  "upgrade",
  "Upgrade, close",
  "TE, close",
  "x",
  "",
];

const ODD_LENGTHS = [
  "",
  "+3",
  "-3",
  "0x3",
  "3, 3",
  "3 3",
  "3;",
  "1e0",
  "99999999999999999999",
  "18446744073709551619",
  "9007199254740993",
  "3\0",
  "\xb2",
  "3.0",
];
const ODD_CODINGS = [
  "gzip, chunked",
  "chunked, gzip",
  "chunked, chunked",
  "identity",
  "gzip",
  "xchunked",
  "chunkedx",
  "chunked;q=1",
  '"chunked"',
  "",
  ",chunked",
  "chunked,",
  "chun ked",
  "\x0bchunked",
  "identity, chunked",
  "cow, chunked",
];

const SIZES_BEFORE = ["", "0", "00"];
const ODD_SIZES = [
  "",
  "g",
  "0x1",
  "+1",
  "-1",
  " 1",
  "1 ",
  "1\t",
  "1_",
  "10000000000000001",
  "ffffffffffffffff",
  "1\0",
  "00000000000000001",
];
const EXTENSIONS = ["", "", "", "", ";a", ";a=b", ';a="b c"', ";a;b=c", ';a="\\""'];
const ODD_EXTENSIONS = [
  ";",
  ";;a",
  ";a;",
  ";=b",
  ";a=",
  " ;a",
  "; a",
  ";a =b",
  ";a= b",
  ";a ",
  ";a=b ",
  ';a="b"c',
  ';a="b',
  ";a b",
  ";a\xe9",
  ";a\0",
  ";a\rb",
  ";a\nb",
  ';"a"',
  ";a=(b)",
];

/** A connection of one or two requests, most of them sound. */
export function generateRequests(random: Random): Sample {
  let text = random.chance(0.03) ? random.pick(["\r\n", "\r\n\r\n", "\n", "\r", " ", "\0"]) : "";
  text += request(random);
  if (random.chance(0.2)) text += request(random);
  if (random.chance(0.03)) text = text.slice(0, random.below(text.length));
  return { role: "request", text, methods: [] };
}

/** A connection of one or two answers, most of them sound, now and then behind an interim one. */
export function generateResponses(random: Random): Sample {
  const methods = [random.pick(["GET", "GET", "POST", "HEAD"]), random.pick(["GET", "HEAD"])];
  let text = random.chance(0.02) ? random.pick(["\r\n", "\n", " "]) : "";
  if (random.chance(0.15)) {
    text += random.pick(["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early\r\nLink: a\r\n\r\n"]);
  }
  text += response(random, methods[0]!);
  if (random.chance(0.15)) text += response(random, methods[1]!);
  if (random.chance(0.03)) text = text.slice(0, random.below(text.length));
  return { role: "response", text, methods };
}

function request(random: Random): string {
  const method = random.mostly(METHODS, ODD_METHODS);
  let line = `${method} ${random.mostly(TARGETS, ODD_TARGETS)}`;
  if (random.chance(0.1)) line = `${method} ${random.mostly(URLS, ODD_URLS, 0.3)}`;
  else if (random.chance(0.04)) line = `CONNECT ${random.mostly(AUTHORITIES, ODD_AUTHORITIES, 0.4)}`;
  else if (random.chance(0.05)) line = "OPTIONS *";
  line += random.chance(0.015) ? random.pick(["  ", "\t", ""]) : " ";
  line += random.mostly(VERSIONS, ODD_VERSIONS, 0.03) + lineEnd(random);
  const lines = [];
  if (!random.chance(0.03)) lines.push(field(random, "Host", random.mostly(HOSTS, ODD_HOSTS)));
  if (random.chance(0.02)) lines.push(field(random, "hOST", random.pick(HOSTS)));
  const bodyless = random.chance(0.4);
  const { fields, body } = bodyless ? { fields: [], body: "" } : framed(random);
  return line + shuffled(random, [...lines, ...fields, ...others(random)]).join("") + lineEnd(random) + body;
}

function response(random: Random, method: string): string {
  const status = random.mostly(
    ["200", "200", "200", "404", "500", "204", "304", "301", "206", "599"],
    ["101", "099", "20", "2000", "2x0", "999", "100", "", " 200", "-20", "199"],
  );
  const reason = random.mostly([" OK", " Not Found", " "], [
    "",
    " \xe9",
    " a\0",
    "OK",
    "\tOK",
    " a\x7f",
    " a\rb",
  ], 0.06);
  const version = random.mostly(VERSIONS, ODD_VERSIONS, 0.03);
  const line = `${version} ${status}${reason}${lineEnd(random)}`;
  const { fields, body } = framed(random);
  const bodyless = method === "HEAD" || status === "204" || status === "304";
  const head = line + shuffled(random, [...fields, ...others(random)]).join("") + lineEnd(random);
  return head + (bodyless && !random.chance(0.05) ? "" : body);
}

/** Framing fields and a body after them. */
function framed(random: Random): { fields: string[]; body: string } {
  const data = random.pick([
    "abc",
    "",
    "\r\n0\r\n\r\n",
    "\0\xff\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "x".repeat(300),
  ]);
  const shape = random.fraction();
  const length = random.mostly([String(data.length), "0" + data.length], ODD_LENGTHS);
  const coding = random.mostly(["chunked", "chunked", "Chunked"], ODD_CODINGS, 0.08);
  const lengthField = field(random, random.pick(["Content-Length", "content-length"]), length);
  const codingField = field(random, random.pick(["Transfer-Encoding", "TRANSFER-ENCODING"]), coding);
  if (shape < 0.4) return { fields: [lengthField], body: data };
  if (shape < 0.88) return { fields: [codingField], body: chunked(random, data) };
  if (shape < 0.92) return { fields: [lengthField, codingField], body: chunked(random, data) };
  if (shape < 0.94) return { fields: [lengthField, field(random, "Content-Length", length)], body: data };
  if (shape < 0.96) return { fields: [codingField, codingField], body: chunked(random, data) };
  return { fields: [], body: data };
}

function chunked(random: Random, data: string): string {
  let body = "";
  for (let at = 0; at < data.length;) {
    const size = 1 + random.below(data.length - at);
    const digits = random.chance(0.5) ? size.toString(16) : size.toString(16).toUpperCase();
    body += random.mostly([random.pick(SIZES_BEFORE) + digits], ODD_SIZES, 0.02);
    body += random.mostly(EXTENSIONS, ODD_EXTENSIONS) + lineEnd(random) + data.slice(at, at + size) +
      lineEnd(random);
    at += size;
  }
  body += random.mostly(["0", "0", "000"], ODD_SIZES, 0.01) + random.mostly(EXTENSIONS, ODD_EXTENSIONS) +
    lineEnd(random);
  if (random.chance(0.25)) body += others(random).join("");
  return body + lineEnd(random);
}

function others(random: Random): string[] {
  const lines = [];
  for (let count = random.below(4); count > 0; count--) {
    lines.push(field(random, random.mostly(NAMES, ODD_NAMES, 0.02), random.mostly(VALUES, ODD_VALUES, 0.03)));
  }
  if (random.chance(0.15)) lines.push(field(random, "Connection", random.pick(CONNECTIONS)));
  if (random.chance(0.06)) lines.push(field(random, "Upgrade", random.pick(["websocket", "h2c", ""])));
  return lines;
}

function field(random: Random, name: string, value: string): string {
  return name + random.mostly([": "], [":", ":\t", " :", ": \t ", ":\r\n ", ""], 0.02) + value +
    lineEnd(random);
}

function lineEnd(random: Random): string {
  return random.mostly(["\r\n"], ["\n", "\r", "\r\r\n", "", "\n\r", "\r\n\r\n"], 0.005);
}

function shuffled<T>(random: Random, items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
