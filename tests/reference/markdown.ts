import type { Key, Value } from "./model.ts";
import { acceptedForm, defaultOf, exampleOf } from "./cells.ts";

/** The version of all keys that do not say theirs. */
const FIRST_VERSION = "0.1.0";

/** From so many keys on that two tables share, the second names the first. */
const MANY = 6;

const INTRODUCTION = `# Configuration reference

<!-- Made from the sections in src/config/sections/ and their comments by tests/reference/: do not edit. -->

Every key of a config, in TOML, YAML or JSON alike. [config.example.toml](../config.example.toml) shows them in
use, [routing.md](routing.md) says what they are for, and [stages.md](stages.md) explains those
that requests pass on their way. \`sluice check\` says what is wrong with a file.

- A heading such as \`[frontends.timeouts]\` is the table of that name; \`[[…]]\` is a list of tables, \`NAME\` a name
  of your own. A key in bold has to be there.
- **Duration**: a number with its unit, \`"250ms"\`, \`"5s"\`, \`"2m"\` or \`"1h"\`, up to 596 hours. **Size**: \`"512B"\`,
  \`"64KiB"\` (1024), \`"10MB"\` (1000), \`"1GiB"\`. A bare number is refused for both.
- Any text may hold variables of the environment, \`"\${NAME}"\` or \`"\${NAME:-default}"\`; one that stands for a number,
  true, false or a list is read as that.
- All keys are there since version ${FIRST_VERSION}, unless they say otherwise.

## Help of editors

\`sluice schema\` prints a JSON Schema (draft 2020-12) of all that is below; [sluice.schema.json](sluice.schema.json)
is the same. Editors complete keys with it, show what they mean and mark what is wrong. A config names it in its
first line, by a path from the config or a URL:

\`\`\`toml
#:schema ./sluice.schema.json
\`\`\`

for TOML (Taplo, and Even Better TOML in VS Code),

\`\`\`yaml
# yaml-language-server: $schema=./sluice.schema.json
\`\`\`

for YAML (the extension of Red Hat in VS Code, and whatever has yaml-language-server), and as the key
\`"$schema": "./sluice.schema.json"\` in JSON. That key is accepted in every format, and means nothing to Sluice.
A schema sees one file: what names something elsewhere in it, such as a backend, and what files hold is for
\`sluice check\` alone. In a file that others include, the missing \`frontends\` are no mistake.
`;

/** A name on the way from the top of a config to a value. */
interface Step {
  readonly name: string;
  /** Whether a list of tables stands there. */
  readonly isList: boolean;
}

type Path = readonly Step[];

/** A table that is described. */
interface Section {
  readonly path: Path;
  readonly keys: readonly Key[];
}

/** The reference of all keys, for people. `stages` are the keys that docs/stages.md has a section about. */
export function toMarkdown(config: Value, stages: readonly string[]): string {
  const page = new Page(stages);
  page.add(config, []);
  return page.text();
}

class Page {
  readonly #stages: readonly string[];
  readonly #sections: Section[] = [];
  readonly #parts: string[] = [INTRODUCTION];

  constructor(stages: readonly string[]) {
    this.#stages = stages;
  }

  text(): string {
    return this.#parts.join("\n");
  }

  /** Adds the table that is in `value`, and then those in that. */
  add(value: Value, from: Path, about = ""): void {
    const found = tableIn(value, from);
    if (found === undefined) return;
    const { keys, path } = found;
    this.#parts.push(
      `${path.filter(({ name }) => name !== "NAME").length < 2 ? "##" : "###"} ${titleOf(path)}\n`,
    );
    if (about !== "") this.#parts.push(`${about}\n`);
    if (path.length === 2 && this.#stages.includes(path[1]!.name)) {
      this.#parts.push(`Explained in [stages.md](stages.md#${path[1]!.name}).\n`);
    }
    const [near] = this.#sections.map((section) => ({ section, shared: sharedBy(section, keys) }))
      .filter(({ shared }) => shared.length === keys.length || shared.length >= MANY)
      .sort((a, b) => b.shared.length - a.shared.length);
    const shared = near?.shared ?? [];
    const own = keys.filter((key) => !shared.includes(key));
    this.#sections.push({ path, keys });
    if (own.length > 0) this.#parts.push(tableOf(own.map((key) => rowOf(key, path))));
    if (near !== undefined) {
      this.#parts.push(
        `${own.length > 0 ? "And those" : "The keys"} of ${linkTo(near.section.path)}${
          own.length > 0 ? ` from \`${shared[0]!.name}\` on` : ""
        }.\n`,
      );
    }
    for (const { name, value, comment } of own) {
      this.add(value, [...path, { name, isList: false }], comment?.text);
    }
  }
}

function rowOf({ name, required, comment, value, ...key }: Key, path: Path): readonly string[] {
  const below = tableIn(value, [...path, { name, isList: false }]);
  const example = exampleOf({ name, required, comment, value, ...key });
  return [
    required ? `**\`${name}\`**` : `\`${name}\``,
    acceptedForm(value),
    key.usual !== undefined && path[0]!.name === "backends" ? "that of `defaults`" : defaultOf(key),
    [
      comment?.text,
      below && `See ${linkTo(below.path)}.`,
      example && `Example: \`${name} = ${example}\`.`,
      comment?.since && `Since ${comment.since}.`,
    ].filter((part) => part !== undefined && part !== "").join(" "),
  ];
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const lines = [["key", "accepted", "default", "meaning"], ["---", "---", "---", "---"], ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`).join(
    "",
  );
}

/** The table that `value` is or holds, or the last of several that it may be, and where it stands. */
function tableIn(value: Value, path: Path): Section | undefined {
  switch (value.kind) {
    case "table":
      return { path, keys: value.keys };
    case "map":
      return tableIn(value.item, [...path, { name: "NAME", isList: false }]);
    case "list":
      return tableIn(value.item, [...path.slice(0, -1), { name: path.at(-1)?.name ?? "", isList: true }]);
    case "either":
      return value.of.flatMap((one) => tableIn(one, path) ?? [])[0];
    default:
      return undefined;
  }
}

/** Those of `keys` that `section` has with the same meaning. */
function sharedBy(section: Section, keys: readonly Key[]): readonly Key[] {
  return keys.filter(({ name, comment, value }) =>
    section.keys.some((other) =>
      other.name === name && other.comment?.text === comment?.text && other.value.accepted === value.accepted
    )
  );
}

function titleOf(path: Path): string {
  if (path.length === 0) return "At the top";
  const names = path.map(({ name }) => name).join(".");
  return path.at(-1)!.isList ? `\`[[${names}]]\`` : `\`[${names}]\``;
}

function linkTo(path: Path): string {
  const title = titleOf(path);
  return `[${title}](#${title.toLowerCase().replaceAll(/[^\w -]/g, "").replaceAll(" ", "-")})`;
}
