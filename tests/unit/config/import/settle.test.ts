import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Draft, type DraftTable } from "../../../../src/config/import/draft.ts";
import { settle } from "../../../../src/config/import/settle.ts";
import { writeToml } from "../../../../src/config/import/write-toml.ts";
import { ConfigError } from "../../../../src/config/problems/error.ts";
import { converted } from "../../../support/converted.ts";

const FILES = fileURLToPath(new URL("../../../peers/converted/", import.meta.url));

/** Damaged files of each format. */
const COUNT = 60;

test("settle() takes out what is refused, and leaves its requests an answer of 501", () => {
  const draft = new Draft();
  draft.data["frontends"] = [
    {
      bind: [":80", "nonsense"],
      rules: [
        { if: "path == nonsense", backend: "app" },
        { if: "path == /a", backend: "gone" },
        { if: "path == /b", backend: "app", access: { allow: ["everybody"] } },
      ],
      default_backend: "app",
    },
    { bind: "nonsense", default_backend: "app" },
  ];
  draft.data["backends"] = {
    app: { servers: ["http://a", "http://a", "http://b"], hash: { on: "nonsense" } },
    gone: { servers: ["http://"] },
  };
  settle(draft);
  const data = JSON.parse(JSON.stringify(draft.data));
  assert.deepEqual(data, {
    frontends: [{
      bind: [":80"],
      rules: [
        { if: "path == /a", respond: { status: 501, body: "Not converted" } },
        { if: "path == /b", respond: { status: 501, body: "Not converted" } },
      ],
      default_backend: "app",
    }],
    backends: { app: { servers: ["http://a", "http://b"] } },
  });
  const text = writeToml(draft.data);
  assert.equal(text.match(/# NOT CONVERTED: /g)?.length, draft.notes.length);
  assert.equal(draft.incomplete, true);
});

test("settle() leaves variables that are not set here", () => {
  const draft = new Draft();
  draft.data["frontends"] = [{ bind: ":80", default_backend: "app" }];
  draft.data["backends"] = { app: { servers: ["${NO_SUCH_VARIABLE_IS_SET}"] } };
  settle(draft);
  assert.deepEqual((draft.data["backends"] as DraftTable)["app"], {
    servers: ["${NO_SUCH_VARIABLE_IS_SET}"],
  });
  assert.equal(draft.incomplete, false);
});

for (const format of ["nginx", "haproxy", "caddy"] as const) {
  test(`a damaged config of ${format} is refused with its place, or what is made of it is valid`, (t) => {
    const texts = readdirSync(FILES + format).map((name) =>
      readFileSync(`${FILES}${format}/${name}`, "utf8").replace(/@\w+@/g, "8080")
    );
    const random = new Damage(format.length);
    let valid = 0;
    for (let i = 0; i < COUNT; i++) {
      const text = random.damaged(texts);
      try {
        converted(t, { format, text });
        valid++;
      } catch (error) {
        assert.ok(error instanceof ConfigError, text);
        const { file, message } = error.problems[0]!;
        assert.ok(file !== "sluice.toml" || message.startsWith("is missing"), `${error.message}\n${text}`);
      }
    }
    assert.ok(valid > COUNT / 4);
  });
}

/** Mistakes in texts, which depend on a seed alone. */
class Damage {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** One of the texts with up to four mistakes. */
  damaged(texts: readonly string[]): string {
    let text = this.#one(texts);
    for (let count = this.#below(4); count >= 0; count--) {
      const parts = text.split(this.#below(2) === 0 ? /(\s+)/ : /(\n)/);
      const at = this.#below(parts.length);
      const word = this.#one(this.#one(texts).split(/\s+/));
      const mark = this.#one([..."$\"'{};\\#/*~^0-9:.%[]"]);
      const change = this.#one([
        undefined,
        word,
        parts[at]! + mark,
        mark + parts[at]!,
        `${parts[at]} ${word}`,
      ]);
      parts.splice(at, 1, ...(change === undefined ? [] : [change]));
      text = parts.join("");
    }
    return text;
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]!;
  }

  #below(limit: number): number {
    this.#state = (this.#state * 1664525 + 1013904223) % 2 ** 32;
    return Math.floor(this.#state / 2 ** 32 * limit);
  }
}
