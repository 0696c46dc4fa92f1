import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerUrl } from "../../../../src/config/sections/server.ts";

type Row = [text: string, url: string, host: string, port: number, authority: string, basePath: string];

const accepted: Row[] = [
  ["http://127.0.0.1:5000", "http://127.0.0.1:5000", "127.0.0.1", 5000, "127.0.0.1:5000", ""],
  ["http://localhost:1", "http://localhost:1", "localhost", 1, "localhost:1", ""],
  ["http://h", "http://h", "h", 80, "h", ""],
  ["HTTP://H:80/", "http://h", "h", 80, "h", ""],
  ["https://h:443/x/", "https://h/x", "h", 443, "h", "/x"],
  ["https://h:80/x/y", "https://h:80/x/y", "h", 80, "h:80", "/x/y"],
  ["http://[0::1]:80", "http://[::1]", "::1", 80, "[::1]", ""],
  ["h", "http://h", "h", 80, "h", ""],
  ["h:8080/x/", "http://h:8080/x", "h", 8080, "h:8080", "/x"],
  ["127.0.0.1:5000", "http://127.0.0.1:5000", "127.0.0.1", 5000, "127.0.0.1:5000", ""],
  ["localhost:80", "http://localhost", "localhost", 80, "localhost", ""],
  ["[::1]:8080", "http://[::1]:8080", "::1", 8080, "[::1]:8080", ""],
  ["https://[::1]:8443", "https://[::1]:8443", "::1", 8443, "[::1]:8443", ""],
];
for (const [text, url, host, port, authority, basePath] of accepted) {
  test(`parseServerUrl() reads "${text}"`, () => {
    const tls = url.startsWith("https:");
    const name = host === "h" ? "h" : undefined; // what has to be looked up
    assert.deepEqual(parseServerUrl(text), {
      url,
      tls,
      host,
      name,
      port,
      authority,
      basePath,
      socketPath: undefined,
    });
  });
}

test("parseServerUrl() reads a unix socket as plain HTTP to localhost", () => {
  const { url, tls, authority, basePath, socketPath } = parseServerUrl("unix:/run/app.sock");
  assert.deepEqual(
    { url, tls, authority, basePath, socketPath },
    {
      url: "unix:/run/app.sock",
      tls: false,
      authority: "localhost",
      basePath: "",
      socketPath: "/run/app.sock",
    },
  );
});

const refused = [
  "",
  "80",
  ":80",
  "/h",
  "h:80?x",
  "user@h",
  "//h",
  "ftp://h",
  "http:h",
  "http:/h",
  "http://",
  "http:///h",
  "http:\\\\h",
  "http://h\\x",
  "http://h:65536",
  "http://h:0",
  "http://h:x",
  "http://a b",
  "http://h/a b",
  "http://h\t",
  " http://h",
  "http://user@h",
  "http://h?",
  "http://h/x?y",
  "http://h#",
  "unix:",
  "unix:app.sock",
];
for (const text of refused) {
  test(`parseServerUrl() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseServerUrl(text), RangeError);
  });
}

test("parseServerUrl() does not repeat a password in its message", () => {
  assert.throws(
    () => parseServerUrl("http://u:secret@h"),
    (error: Error) => !error.message.includes("secret"),
  );
});

const suggested = [
  ["80", "http://127.0.0.1:80"],
  [":80", "http://127.0.0.1:80"],
  ["/run/app.sock", "unix:/run/app.sock"],
] as const;
for (const [text, near] of suggested) {
  test(`parseServerUrl() suggests ${near} for ${text}`, () => {
    assert.throws(
      () => parseServerUrl(text),
      (error: Error) => error.message.endsWith(`; did you mean "${near}"?`),
    );
  });
}
