import assert from "node:assert/strict";
import { test } from "node:test";
import { Program } from "../support/program.ts";

const CASES: [
  what: string,
  args: readonly string[],
  text: string,
  code: number,
  stderr: RegExp,
  stdout: RegExp,
][] = [
  [
    "what is converted whole ends with 0",
    ["convert", "{config}", "--from", "nginx"],
    "server { location / { return 204; } }",
    0,
    /^Differs where neither/,
    /respond = \{ status = 204 \}\n/,
  ],
  [
    "YAML where it is asked for",
    ["convert", "{config}", "--to", "yaml"],
    "server { location / { return 204; } }",
    0,
    /./,
    /respond: \{ status: 204 \}\n/,
  ],
  [
    "something that is lost ends with 3",
    ["convert", "{config}"],
    "server { location / { return 204; perl x; } }",
    3,
    /^Not converted:\n {2}\S+:1:35: perl x;: /,
    /# NOT CONVERTED: perl x;\n/,
  ],
  ["a mistake ends with 1", ["convert", "{config}"], "server { ; }", 1, /^\S+:1:10: unexpected ";"\n$/, /^$/],
  [
    "a file of no known format ends with 1",
    ["convert", "{config}"],
    "hello",
    1,
    /is of no format that is known/,
    /^$/,
  ],
  [
    "a file that is not there ends with 1",
    ["convert", "/nowhere/x"],
    "",
    1,
    /^\/nowhere\/x: is not there\n$/,
    /^$/,
  ],
  [
    "an unknown format is wrong use, and ends with 2",
    ["convert", "a", "--from", "iis"],
    "",
    2,
    /'iis' is invalid/,
    /^$/,
  ],
  ["no file is wrong use, and ends with 2", ["convert"], "", 2, /missing required argument/, /^$/],
  ["help ends with 0", ["convert", "--help"], "", 0, /^$/, /Exit code: 0 all is converted, 3/],
];

for (const [what, args, text, code, stderr, stdout] of CASES) {
  test(`sluice convert: ${what}`, async (t) => {
    const program = Program.start(args, text, "site.conf");
    t.after(() => program.dispose());
    assert.equal(await program.untilExit(), code);
    assert.match(program.stderr, stderr);
    assert.match(program.stdout, stdout);
  });
}
