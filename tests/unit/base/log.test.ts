import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog, type LogStyle, type StyledLog } from "../../../src/base/log.ts";
import { Clock } from "../../support/clock.ts";

function written(
  format: "short" | "text" | "json",
  act: (log: StyledLog) => void,
  style: Partial<LogStyle> = {},
): string {
  let text = "";
  act(
    createLog({
      level: "info",
      format,
      ...style,
      write(bytes, done) {
        text += new TextDecoder().decode(bytes);
        done(bytes.length);
      },
      now: () => 0,
    }),
  );
  return text;
}

test("createLog() writes an event with its fields as text", () => {
  assert.equal(
    written(
      "text",
      (log) => log.info("server_down", { backend: "api", cause: "no way", n: 3, none: undefined }),
    ),
    '1970-01-01T00:00:00.000Z info  server_down backend=api cause="no way" n=3\n',
  );
});

test("createLog() writes an event with its fields as JSON", () => {
  assert.equal(
    written("json", (log) => log.warn("x", { a: "b", none: undefined })),
    '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"x","a":"b"}\n',
  );
});

test("createLog() lets no value forge a line or a field", () => {
  const text = written("text", (log) => log.info("access", { target: "/\n1970 error x", quote: 'a"b=c' }));
  assert.equal(text.split("\n").length, 2);
  assert.match(text, /target="\/\\n1970 error x" quote="a\\"b=c"\n$/);
});

test("createLog() leaves out what is below its level", () => {
  assert.equal(written("text", (log) => log.debug("x")), "");
});

for (const format of ["short", "text", "json"] as const) {
  test(`createLog() writes no control character as ${format}`, () => {
    const text = written(format, (log) => log.info("access", { target: "/\x1b[31m\x7f\x85\x9b31m" }));
    assert.match(text, /^[\x20-\x7e]+\n$/);
  });
}

/** Characters, and what one of them is in a line. */
const WIDE: [what: string, character: string, written: string][] = [
  ["plain text", "x", "x"],
  ["control characters of latin1", "\x85", "\\u0085"],
  ["line ends", "\n", "\\n"],
  ["quotes", '"', '\\"'],
  ["letters of latin1", "\xe4", "\xe4"],
];
for (const format of ["text", "json"] as const) {
  for (const [what, character, one] of WIDE) {
    test(`createLog() cuts a long value of ${what} as ${format}, and says how long it was`, () => {
      const text = written(
        format,
        (log) => {
          log.info("access", { target: character.repeat(31_000), n: 1 });
          log.info("access", { target: character.repeat(10) });
        },
        { valueSize: 120 },
      );
      const [long, short] = text.split("\n") as [string, string];
      const cut = /target(?:=|":)"?(.*?)\.\.\.\[cut from 31000\]"?/.exec(long)![1]!;
      const bytes = new TextEncoder().encode(cut).length;
      assert.ok(bytes <= 120 && bytes > 12);
      assert.equal(cut, one.repeat(cut.length / one.length));
      assert.match(long, /\bn"?[=:]1\b/);
      assert.ok(short.includes(one.repeat(10)) && !short.includes("cut"));
    });
  }
}

test("createLog() bounds values by 2 KiB where nothing is said", () => {
  const text = written("json", (log) => {
    log.access({ target: "\x85".repeat(31_000), user_agent: "x".repeat(2048) });
    log.flush();
  });
  assert.ok(text.length < 4300);
  assert.deepEqual(JSON.parse(text)["user_agent"], "x".repeat(2048));
});

for (const level of ["warn", "error"] as const) {
  test(`createLog() sums up what of the level ${level} comes again and again`, () => {
    const text = written("text", (log) => {
      for (let i = 0; i < 2000; i++) log[level]("accept_failed", { cause: "EMFILE" });
      log[level]("accept_failed", { cause: "another" });
      log.flush();
      log.flush();
      log[level]("accept_failed", { cause: "EMFILE" });
    });
    const lines = text.trim().split("\n").map((line) => line.slice(31));
    const one = "accept_failed cause=EMFILE";
    assert.deepEqual(lines, [
      ...Array<string>(5).fill(one),
      "accept_failed cause=another",
      `${one} repeated=1995`,
      one,
    ]);
  });
}

test("createLog() sums up warnings when 10 s are over", (t) => {
  const clock = new Clock(t);
  const text = written("text", (log) => {
    for (let i = 0; i < 7; i++) log.warn("x");
    clock.pass(10_000);
    log.warn("x");
  });
  assert.deepEqual(text.trim().split("\n").map((line) => line.slice(31)), [
    ...Array<string>(5).fill("x"),
    "x repeated=2",
    "x",
  ]);
});

const ACCESS = {
  method: "GET",
  host: "a.example",
  target: "/p?q",
  status: 200,
  reason: "ok",
  server: "http://127.0.0.1:9001",
  bytes_out: 1_500_000,
  elapsed_ms: 1.2,
};
const SHORT: [what: string, fields: Record<string, unknown>, line: string][] = [
  ["a request", {}, "200 GET a.example/p?q 1.2ms 1.4MiB http://127.0.0.1:9001"],
  [
    "a slow one",
    { elapsed_ms: 61_240, bytes_out: 12 },
    "200 GET a.example/p?q 61.2s 12B http://127.0.0.1:9001",
  ],
  [
    "one that failed",
    { status: 502, reason: "connect_refused", detail: "No way", tried: "http://b connect_refused" },
    '502 GET a.example/p?q 1.2ms 1.4MiB http://127.0.0.1:9001 connect_refused "No way" ' +
    'tried "http://b connect_refused"',
  ],
  [
    "one that nobody could read",
    {
      method: "-",
      host: "-",
      target: "-",
      status: 400,
      server: undefined,
      bytes_out: 0,
      reason: "bad_request",
    },
    "400 - - 1.2ms 0B bad_request",
  ],
];
for (const [what, fields, line] of SHORT) {
  test(`createLog() writes a short line about ${what} for people at a terminal`, () => {
    const text = written("short", (log) => {
      log.access({ ...ACCESS, ...fields });
      log.info("next");
    });
    assert.match(text, /^\d\d:\d\d:00\.000 .*\n\d\d:\d\d:00\.000 next\n$/);
    assert.equal(text.split("\n")[0]!.slice(13), line);
  });
}

test("createLog() shows 80 characters of a target at a terminal", () => {
  const text = written("short", (log) => {
    log.access({ ...ACCESS, target: `/${"x".repeat(3000)}` });
    log.info("next");
  });
  assert.ok(text.split("\n")[0]!.length < 170);
});

test("createLog() colours short lines by status and level, and others never", () => {
  const act = (log: StyledLog) => {
    log.access(ACCESS);
    log.access({ ...ACCESS, status: 503 });
    log.warn("server_down", { backend: "api" });
  };
  const text = written("short", act, { colours: true });
  assert.match(
    text.replaceAll("\x1b", "ESC"),
    /ESC\[32m200ESC\[0m GET[^]*ESC\[31m503ESC\[0m GET[^]*ESC\[33mwarnESC\[0m .*backend=api\n$/,
  );
  for (const format of ["text", "json"] as const) {
    assert.ok(!written(format, act, { colours: true }).includes("\x1b"));
  }
});
