import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ABOVE,
  BEHIND,
  comment,
  Draft,
  type DraftTable,
  type DraftValue,
  isDraftTable,
  literal,
} from "../../../../src/config/import/draft.ts";
import { conversionReport } from "../../../../src/config/import/report.ts";
import { writeToml } from "../../../../src/config/import/write-toml.ts";
import { writeYaml } from "../../../../src/config/import/write-yaml.ts";
import { substitute } from "../../../../src/config/text/environment.ts";
import { readToml } from "../../../../src/config/text/toml.ts";
import { readYaml } from "../../../../src/config/text/yaml.ts";

const WRITERS = [
  ["writeToml", writeToml, readToml],
  ["writeYaml", writeYaml, readYaml],
] as const;

for (const [name, write, read] of WRITERS) {
  test(`${name}() writes what our reader reads back as the same data, comments or not`, () => {
    for (let seed = 1; seed <= 400; seed++) {
      const random = new Random(seed);
      const said: string[] = [];
      const data = random.table(0, said);
      const text = write(data);
      const { errors, data: found } = read(text);
      assert.deepEqual(errors, [], `seed ${seed}\n${text}`);
      assert.deepEqual(plain(found), plain(data), `seed ${seed}\n${text}`);
      assert.deepEqual(said.filter((line) => !text.includes(`# ${line}`)), [], `seed ${seed}\n${text}`);
    }
  });
}

const SMALL: DraftTable = {
  frontends: [{
    name: "web",
    bind: [":80"],
    rules: [{ if: 'path ~ "^/a"', backend: "app" }, { if: "host == b", respond: { status: 404 } }],
    routes: [{ path_prefix: "/x", backend: "app", request_headers: { set: { "X-A": "1", "b c": "" } } }],
  }],
  backends: {
    app: { timeouts: { connect: "5s" }, servers: [{ url: "http://a", weight: 2 }, { url: "http://b" }] },
    b: { servers: ["http://c"], via: undefined },
  },
};

test("writeToml() writes servers on a line each, frontends and routes below headers", () => {
  const data = structuredClone(SMALL) as typeof SMALL;
  comment(data, ABOVE, "made from a file");
  comment((data["backends"] as DraftTable)["app"] as DraftTable, "servers", "these two\nnot more");
  comment((data["frontends"] as DraftTable[])[0]!, BEHIND, "at the end");
  assert.equal(
    writeToml(data),
    `# made from a file

[[frontends]]
name = "web"
bind = [":80"]
rules = [
  { if = 'path ~ "^/a"', backend = "app" },
  { if = "host == b", respond = { status = 404 } },
]
# at the end

[[frontends.routes]]
path_prefix = "/x"
backend = "app"
request_headers = { set = { X-A = "1", "b c" = "" } }

[backends.app]
timeouts = { connect = "5s" }
# these two
# not more
servers = [
  { url = "http://a", weight = 2 },
  { url = "http://b" },
]

[backends.b]
servers = ["http://c"]
`,
  );
});

test("writeYaml() writes the same in blocks", () => {
  const data = structuredClone(SMALL) as typeof SMALL;
  comment((data["frontends"] as DraftTable[])[0]!, "name", "the first");
  assert.equal(
    writeYaml(data),
    `frontends:
  # the first
  - name: web
    bind: [":80"]
    rules:
      - { if: 'path ~ "^/a"', backend: app }
      - { if: "host == b", respond: { status: 404 } }
    routes:
      - path_prefix: /x
        backend: app
        request_headers: { set: { X-A: "1", "b c": "" } }

backends:
  app:
    timeouts: { connect: "5s" }
    servers:
      - { url: "http://a", weight: 2 }
      - { url: "http://b" }
  b:
    servers: ["http://c"]
`,
  );
});

test("literal() keeps what looks like a variable as it is", () => {
  for (const text of ["${HOME}", "$${HOME}", "a$b ${", "$$$${x:-y}"]) {
    assert.deepEqual(substitute({ text: literal(text) }, { HOME: "no" }), {
      data: Object.assign(Object.create(null), { text }),
      problems: [],
      paths: new Set(text.includes("${") ? ['["text"]'] : []),
    });
  }
});

test("Draft.lose() leaves a comment at its place and a line in the report, each once", () => {
  const draft = new Draft();
  const origin = { file: "a.conf", line: 3, column: 5, text: "gzip on;" };
  const table: DraftTable = { name: "x" };
  draft.data["log"] = table;
  assert.equal(draft.incomplete, false);
  draft.lose(origin, "nobody can", table);
  draft.lose(origin, "nobody can", table);
  draft.change(origin, "less so", table, "name");
  draft.differ("sizes");
  assert.equal(draft.incomplete, true);
  assert.equal(
    writeToml(draft.data),
    `[log]
# a.conf:3: less so
name = "x"
# NOT CONVERTED: gzip on;
#   a.conf:3: nobody can
`,
  );
  assert.equal(
    conversionReport(draft),
    `Not converted:
  a.conf:3:5: gzip on;: nobody can

Changed in meaning:
  a.conf:3:5: gzip on;: less so

Differs where neither file says anything:
  sizes
`,
  );
});

test("comment() lets nothing out of the comment that it writes", () => {
  const data: DraftTable = { a: 1 };
  comment(data, "a", 'x\r\ny = "1"\rz\u0000\u0007 \ud800');
  for (const [, write, read] of WRITERS) {
    assert.deepEqual(plain(read(write(data)).data), { a: 1 });
    assert.deepEqual(read(write(data)).errors, []);
  }
});

/** Without prototypes and symbols, and without what is undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Data that depends on a seed alone. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2654435761 % 2 ** 32;
  }

  below(limit: number): number {
    this.#state = (this.#state * 1664525 + 1013904223) % 2 ** 32;
    return Math.floor(this.#state / 2 ** 32 * limit);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  text(): string {
    const parts = [
      "a",
      "on",
      "5s",
      "1",
      " ",
      '"',
      "'",
      "\\",
      "\n",
      "\t",
      "#",
      ": ",
      "é",
      "\u0085",
      "\x7f",
      "\u0000",
      "{",
      "]",
      ",",
      "-",
      "~",
      "${x}",
      "😀",
      "\u2028",
      "\ufeff",
    ];
    return Array.from({ length: this.below(5) }, () => this.one(parts)).join("");
  }

  table(depth: number, said: string[]): DraftTable {
    const table: DraftTable = {};
    const keys = ["frontends", "routes", "name", "backends", "a b", "1", "true", "", "ü", "y-x", "servers"];
    for (let i = this.below(5) + (depth === 0 ? 1 : 0); i > 0; i--) {
      const key = this.one(keys);
      if (!(key in table)) table[key] = this.value(depth, said);
    }
    for (const key of [...Object.keys(table), BEHIND]) {
      if (this.below(4) > 0) continue;
      const line = `said ${said.length} of ${depth}`;
      said.push(line);
      comment(table, key, line);
    }
    return table;
  }

  value(depth: number, said: string[]): DraftValue {
    const kind = this.below(depth > 3 ? 4 : 8);
    if (kind === 0) return this.below(2) === 0;
    if (kind === 1) return this.one([0, 1, -5, 0.25, 1e21, 65536]);
    if (kind <= 3) return this.text();
    if (kind <= 5) return this.table(depth + 1, said);
    if (kind === 6) return Array.from({ length: this.below(4) }, () => this.text());
    const items = Array.from({ length: this.below(4) }, () => this.table(depth + 1, said));
    for (const item of items.filter(isDraftTable)) {
      if (this.below(3) > 0) continue;
      said.push(`above ${said.length}`);
      comment(item, ABOVE, said.at(-1)!);
    }
    return items;
  }
}
