import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../../src/base/log.ts";

function written(format: "text" | "json", act: (log: ReturnType<typeof createLog>) => void): string {
  let text = "";
  act(
    createLog({
      level: "info",
      format,
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

for (const format of ["text", "json"] as const) {
  test(`createLog() writes no control character as ${format}`, () => {
    const text = written(format, (log) => log.info("access", { target: "/\x1b[31m\x7f\x85\x9b31m" }));
    assert.match(text, /^[\x20-\x7e]+\n$/);
  });
}
