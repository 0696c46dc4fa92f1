import { WELL_KNOWN_NAMES } from "../../../src/http/field-name.ts";
import type { CodecLimits } from "../../../src/http/head-limits.ts";
import { generateRequests, generateResponses, type Sample } from "./corpus.ts";
import type { Random } from "./random.ts";

const METHODS = [
  "GET",
  "GET",
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "GE",
  "GETS",
  "get",
  "X-OWN",
];
const TARGETS = [
  "/",
  "/",
  "/a/b?c=d",
  "/%20?x",
  "/" + "t".repeat(300),
  "http://a/x",
  "http://a:80",
  "http://b/",
  "*",
];
const ODD_TARGETS = ["/\xe9", "/#x", "", "/" + "t".repeat(9000)];
/** So small that many heads are too large for them. */
export const SMALL_LIMITS: CodecLimits = { headerSize: 250, headerCount: 6, targetSize: 12 };

/** The same host again and again, as on a connection, and what differs from it by little. */
const HOSTS = ["a", "a", "a", "a", "a:80", "A", "b", "aa", "[::1]:8080", "example.com"];
const ODD_HOSTS = ["", "a b", "a,", "\xe9", "a:99999"];
/** The same status line again and again, and what differs from it by little. */
const STATUS_LINES = [
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200 OK",
  "HTTP/1.0 200 OK",
  "HTTP/1.1 201 OK",
  "HTTP/1.1 200 Ok",
  "HTTP/1.1 200 OKs",
  "HTTP/1.1 200 O",
  "HTTP/1.1 200 ",
  "HTTP/1.1 200",
  "HTTP/1.1 404 Not Found",
  "HTTP/1.1 304 Not Modified",
  "HTTP/1.1 204 \xe9",
  "HTTP/1.1 103 Early Hints",
  "HTTP/1.1 500 " + "r".repeat(80),
];
const ODD_STATUS_LINES = [
  "HTTP/1.2 200 OK",
  "HTTP/1.1 20 OK",
  "HTTP/1.1  200 OK",
  "HTTP/1.1 2000",
  "TTP/1.1 200 OK",
];

/** Names that say where a message ends or for whom it is: of these a message has few. */
const FRAMING = new Set(["host", "content-length", "transfer-encoding", "connection"]);
const OTHER_NAMES = WELL_KNOWN_NAMES.filter((name) => !FRAMING.has(name));
const TOKEN_LETTERS = "abcxyzABCXYZ019!#$%&'*+-.^_`|~";
/** Names made of these are many and fall on one place of a table by any sum of powers of 31. */
const COLLIDING = ["b_", "a~"];
/** More names than any table of the proxy remembers. */
const NUMBERED_NAMES = 6000;

const VALUES = [
  "",
  "1",
  "a b",
  "a\tb",
  ":",
  "a: b",
  "\xa0x\xa0",
  "\xe9\x80\xff",
  "keep-alive",
  "Keep-Alive",
  "KEEP-ALIVE",
  "close",
  "closed",
  "chunked",
  "gzip, br",
  "007",
  "999999999999999",
  "1000000000000000",
  "12a",
  "-1",
  "x".repeat(60),
];
const BLANKS = ["", " ", "\t", "  ", " \t "];
const FAULTS = [
  "\r",
  "\n",
  "\0",
  "\r\n ",
  "\r\n\t",
  " ",
  " :",
  ":",
  "\x7f",
  "\xff",
  "\r\n",
  "\r\n\r\n",
  "\x0b",
];
const DATA = ["abc", "", "\r\n0\r\n\r\n", "\0\xff\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(300)];

/**
 * A connection of some messages, in most of which all is sound: names and values of all kinds, much of it nearly the same.
 * Under small limits many of them take just what is allowed, or a byte more or less.
 */
export function generateConnection(random: Random, limits: CodecLimits): Sample {
  const isSnug = limits === SMALL_LIMITS && random.chance(0.7);
  const isRequest = random.chance(0.5);
  if (random.chance(0.2)) return isRequest ? generateRequests(random) : generateResponses(random);
  const methods: string[] = [];
  let text = "";
  for (let count = 1 + random.below(5); count > 0; count--) {
    const method = random.pick(["GET", "GET", "GET", "HEAD", "CONNECT"]);
    methods.push(method);
    text += message(random, { isRequest, method, isSnug });
  }
  if (random.chance(0.2)) {
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + random.pick(FAULTS) + text.slice(at + (random.chance(0.5) ? 1 : 0));
  }
  if (random.chance(0.05)) text = text.slice(0, random.below(text.length));
  return { role: isRequest ? "request" : "response", text, methods };
}

interface Wanted {
  readonly isRequest: boolean;
  /** What is answered. */
  readonly method: string;
  /** Whether the small limits are nearly reached. */
  readonly isSnug: boolean;
}

function message(random: Random, { isRequest, method, isSnug }: Wanted): string {
  const { line: framing, body } = framed(random, isRequest);
  const start = isRequest ? requestLine(random, isSnug) : statusLine(random, isSnug);
  const lines: string[] = [];
  const count = isSnug ? random.below(4) : random.chance(0.01) ? 95 + random.below(10) : random.below(12);
  while (lines.length < count) lines.push(fieldLine(random, nameOf(random), valueOf(random)));
  const put = (line: string) => lines.splice(random.below(lines.length + 1), 0, line);
  if (isRequest && !random.chance(0.02)) {
    put(fieldLine(random, cased(random, "Host"), random.mostly(HOSTS, ODD_HOSTS, 0.02)));
  }
  if (random.chance(0.1)) {
    const options = random.chance(0.05)
      ? ",".repeat(120 + random.below(20))
      : random.pick(["close", "X-Name-1, b_b_", "TE"]);
    put(fieldLine(random, cased(random, "Connection"), options));
  }
  if (framing !== "") put(framing);
  const missing = SMALL_LIMITS.headerSize - start.length - lines.join("").length -
    "\r\nFill: \r\n\r\n".length;
  if (isSnug && missing > 0 && random.chance(0.3)) {
    put(`Fill: ${"f".repeat(missing - 1 + random.below(3))}\r\n`);
  }
  const bodyless = !isRequest &&
    (method === "HEAD" || method === "CONNECT" || / (?:1..|204|304) /.test(start));
  return `${start}\r\n${lines.join("")}\r\n${bodyless ? "" : body}`;
}

function statusLine(random: Random, isSnug: boolean): string {
  if (isSnug && random.chance(0.2)) return "HTTP/1.1 200 ".padEnd(nearStartLineLimit(random), "r");
  return random.mostly(STATUS_LINES, ODD_STATUS_LINES, 0.02);
}

function requestLine(random: Random, isSnug: boolean): string {
  if (isSnug && random.chance(0.2)) return `GET ${"/".padEnd(nearStartLineLimit(random) - 13, "t")} HTTP/1.1`;
  if (isSnug && random.chance(0.2)) {
    return `GET ${"/".padEnd(SMALL_LIMITS.targetSize - 1 + random.below(3), "t")} HTTP/1.1`;
  }
  const target = random.mostly(TARGETS, ODD_TARGETS, 0.02);
  const method = target === "*" ? "OPTIONS" : random.pick(METHODS);
  return `${method} ${target} ${
    random.mostly(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"], ["HTTP/1.2", "HTTP/2"], 0.01)
  }`;
}

/** A length of a start line that the small limits just allow, or just refuse. */
function nearStartLineLimit(random: Random): number {
  return SMALL_LIMITS.targetSize + 64 - 2 + random.below(5);
}

/** A framing field and the body after it. */
function framed(random: Random, isRequest: boolean): { line: string; body: string } {
  const data = random.pick(DATA);
  const kind = random.fraction();
  if (isRequest && kind < 0.5) return { line: "", body: "" };
  if (kind > 0.98) return { line: "", body: isRequest ? "" : data };
  if (kind < 0.75) {
    return { line: fieldLine(random, cased(random, "Content-Length"), `${data.length}`), body: data };
  }
  const chunk = data === "" ? "" : `${data.length.toString(16)}\r\n${data}\r\n`;
  const trailers = random.chance(0.3)
    ? fieldLine(random, nameOf(random), valueOf(random)) + fieldLine(random, "b_b_", "1")
    : "";
  return {
    line: fieldLine(random, cased(random, "Transfer-Encoding"), cased(random, "chunked")),
    body: `${chunk}0\r\n${trailers}\r\n`,
  };
}

function fieldLine(random: Random, name: string, value: string): string {
  if (random.chance(0.7)) return `${name}: ${value}\r\n`;
  return `${name}:${random.pick(BLANKS)}${value}${random.pick(BLANKS)}\r\n`;
}

/** A field name: known, nearly known, one of many, of one place, or of any letters. */
export function nameOf(random: Random): string {
  const kind = random.below(20);
  if (kind < 9) return cased(random, random.mostly(OTHER_NAMES, [...FRAMING], 0.002));
  if (kind < 11) return cased(random, nearly(random, random.pick(WELL_KNOWN_NAMES)));
  if (kind < 15) return cased(random, `X-Name-${random.below(NUMBERED_NAMES)}`);
  if (kind < 17) return letters(random, COLLIDING, 1 + random.below(11));
  if (kind < 19) return letters(random, TOKEN_LETTERS, 1 + random.below(12));
  return letters(random, TOKEN_LETTERS, 62 + random.below(5));
}

/** A field value without blanks around it. */
export function valueOf(random: Random): string {
  return random.chance(0.005) ? "v".repeat(random.below(6000)) : random.pick(VALUES);
}

/** `name` in one of its spellings. */
function cased(random: Random, name: string): string {
  const kind = random.below(4);
  if (kind === 0) return name.toUpperCase();
  if (kind === 1) return name.toLowerCase();
  if (kind === 2) return name;
  return name.replace(
    /[a-z]/gi,
    (letter) => random.chance(0.5) ? letter.toUpperCase() : letter.toLowerCase(),
  );
}

/** `name` with one letter changed, left out or added. */
function nearly(random: Random, name: string): string {
  const at = random.below(name.length);
  const letter = random.pick(TOKEN_LETTERS.split(""));
  const kind = random.below(3);
  const changed = name.slice(0, at) + (kind === 1 ? "" : letter) + name.slice(at + (kind === 2 ? 0 : 1));
  return changed === "" ? letter : changed;
}

function letters(random: Random, choices: string | readonly string[], count: number): string {
  let name = "";
  for (; count > 0; count--) name += choices[random.below(choices.length)]!;
  return name;
}
