import { message, type Shape } from "./shape.ts";

const HOST = ["Host: a.test"];

const BAD_TARGETS: [name: string, target: string][] = [
  ["nothing", ""],
  ["no slash in front", "shape"],
  ["a backslash in front", "\\shape"],
  ["a fragment", "/shape#x"],
  ["a tab", "/sha\tpe"],
  ["a NUL", "/sha\0pe"],
  ["a DEL", "/sha\x7fpe"],
  ["a control byte", "/sha\x01pe"],
  ["a bare CR", "/sha\rpe"],
  ["a bare LF", "/sha\npe"],
  ["a blank", "/sha pe"],
  ["an asterisk with GET", "*"],
  ["an authority", "a.test:80"],
  ["an empty authority", "http:///shape"],
  ["a scheme without slashes", "http:a.test/shape"],
  ["one slash behind the scheme", "http:/a.test/shape"],
  ["another scheme", "ftp://a.test/shape"],
  ["a file", "file:///etc/passwd"],
  ["a script", "javascript:alert(1)"],
  ["another host than Host", "http://b.test/shape"],
  ["another port than Host", "http://a.test:8080/shape"],
  ["user information", "http://u:p@a.test/shape"],
  ["an at sign that hides the host", "http://a.test@b.test/shape"],
  ["a backslash that hides the host", "http://a.test\\@b.test/shape"],
  ["a comma in the authority", "http://a.test,b.test/shape"],
  ["two empty ports", "http://a.test::/shape"],
  ["a port out of range", "http://a.test:99999/shape"],
  ["the port of another scheme", "http://a.test:443/shape"],
  ["a bad IPv6 address", "http://[::1/shape"],
  ["an escape in the authority", "http://a%2etest/shape"],
  ["a fragment behind the authority", "http://a.test#x"],
];

/** Targets that are passed on: the target as sent, and as the server gets it. */
const GOOD_TARGETS: [name: string, target: string, sent: string][] = [
  ["dots", "/a/../b/./c", "/a/../b/./c"],
  ["escaped dots and slashes", "/a%2F..%2f%2e%2e/b", "/a%2F..%2f%2e%2e/b"],
  ["two slashes", "//evil.test/shape", "//evil.test/shape"],
  ["a backslash", "/a\\b", "/a\\b"],
  ["an escaped line end", "/a%0d%0ab", "/a%0d%0ab"],
  ["a broken escape", "/a%zz%", "/a%zz%"],
  ["a query with a URL", "/?u=http://b.test/?x", "/?u=http://b.test/?x"],
  ["bytes outside ASCII", "/\xe4\xff", "/\xe4\xff"],
  ["absolute-form", "http://a.test/shape?x", "/shape?x"],
  ["absolute-form with the scheme's port", "HTTP://A.TEST:80/shape", "/shape"],
  ["absolute-form with an empty port", "http://a.test:/shape", "/shape"],
  ["absolute-form without a path", "http://a.test", "/"],
  ["absolute-form with only a query", "http://a.test?x=1", "/?x=1"],
  ["an at sign in the path", "http://a.test/@b.test", "/@b.test"],
];

/** Shapes of the request target. */
export const TARGET: readonly Shape[] = [
  ...BAD_TARGETS.map(([name, target]): Shape => ({
    name: `a target with ${name}`,
    bytes: message(`GET ${target} HTTP/1.1`, HOST),
    expect: 400,
  })),
  ...GOOD_TARGETS.map(([name, target, sent]): Shape => ({
    name: `a target with ${name}`,
    bytes: message(`GET ${target} HTTP/1.1`, HOST),
    expect: "forwarded",
    sees: `GET ${sent} HTTP/1.1\r\n`,
  })),
  {
    name: "OPTIONS *",
    bytes: message("OPTIONS * HTTP/1.1", HOST),
    expect: "forwarded",
    sees: "OPTIONS * HTTP/1.1\r\n",
  },
  {
    name: "OPTIONS for a URL without a path",
    bytes: message("OPTIONS http://a.test HTTP/1.1", HOST),
    expect: "forwarded",
    sees: "OPTIONS * HTTP/1.1\r\n",
  },
  {
    name: "absolute-form without a Host",
    bytes: message("GET http://a.test/shape HTTP/1.1", []),
    expect: 400,
  },
  {
    name: "absolute-form with two Hosts",
    bytes: message("GET http://a.test/shape HTTP/1.1", [...HOST, "Host: b.test"]),
    expect: 400,
  },
  {
    name: "absolute-form in HTTP/1.0 without a Host",
    bytes: message("GET http://a.test/shape HTTP/1.0", []),
    expect: "last",
    sees: "Host: a.test\r\n",
  },
  {
    name: "absolute-form against Host in HTTP/1.0",
    bytes: message("GET http://a.test/shape HTTP/1.0", ["Host: b.test"]),
    expect: 400,
  },
  { name: "CONNECT", bytes: message("CONNECT a.test:443 HTTP/1.1", ["Host: a.test:443"]), expect: 405 },
  { name: "CONNECT without a port", bytes: message("CONNECT a.test HTTP/1.1", HOST), expect: 405 },
  { name: "CONNECT with an empty port", bytes: message("CONNECT a.test: HTTP/1.1", HOST), expect: 400 },
  { name: "CONNECT with a path", bytes: message("CONNECT /shape HTTP/1.1", HOST), expect: 400 },
  { name: "CONNECT with a URL", bytes: message("CONNECT http://a.test:80/ HTTP/1.1", HOST), expect: 400 },
  {
    name: "CONNECT with a body",
    bytes: message("CONNECT a.test:443 HTTP/1.1", ["Host: a.test:443", "Content-Length: 3"], "abc"),
    expect: 400,
  },
  { name: "TRACE", bytes: message("TRACE /shape HTTP/1.1", HOST), expect: 405 },
  {
    name: "TRACE with a body",
    bytes: message("TRACE /shape HTTP/1.1", [...HOST, "Content-Length: 3"], "abc"),
    expect: 405,
  },
  {
    name: "a target of just 16 KiB",
    bytes: message(`GET /${"a".repeat(16 * 1024 - 1)} HTTP/1.1`, HOST),
    expect: "forwarded",
  },
  {
    name: "a target over 16 KiB",
    bytes: message(`GET /${"a".repeat(16 * 1024)} HTTP/1.1`, HOST),
    expect: 414,
  },
  {
    name: "a target over 32 KiB",
    bytes: message(`GET /${"a".repeat(33 * 1024)} HTTP/1.1`, HOST),
    expect: 414,
  },
  {
    name: "an absolute target over 16 KiB",
    bytes: message(`GET http://a.test/${"a".repeat(16 * 1024)} HTTP/1.1`, HOST),
    expect: 414,
  },
];
