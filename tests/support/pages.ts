import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * What a page says of a block that is not run from here, in a comment before it: `<!-- not run: why -->`,
 * `<!-- run by: tests/x.test.ts -->`; or at once of all blocks in one language: `<!-- all python not run: why -->`.
 */
export interface Mark {
  readonly kind: "not run" | "run by";
  /** Why, or the file of the test. */
  readonly text: string;
}

/** A block of code in a page. */
export interface Block {
  /** Of its first fence. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  readonly mark: Mark | undefined;
}

/** A page of the documentation. */
export interface Page {
  /** As seen from the top. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** The README and every page below `docs/`. */
export function readPages(): Page[] {
  const below = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).sort();
  const paths = ["README.md", ...below.filter((path) => path.endsWith(".md")).map((path) => `docs/${path}`)];
  return paths.map((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    return { path, text, blocks: blocksIn(text) };
  });
}

/** The text without its blocks of code and comments: what has headings and links. */
export function proseOf({ text }: Page): string {
  return text.replace(/^ *```[^]*?^ *```$/gm, "").replace(/<!--[^]*?-->/g, "");
}

function blocksIn(text: string): Block[] {
  const ofAll = new Map(
    [...text.matchAll(/^<!-- all (\w+) (not run|run by): (.+) -->$/gm)].map(([, language, kind, why]) =>
      [language!, { kind: kind as Mark["kind"], text: why! }] as const
    ),
  );
  const found = text.matchAll(/(?:^<!-- (not run|run by): (.+) -->\n+)?^( *)```(.*)\n([^]*?)^ *```$/gm);
  return [...found].map((match) => {
    const [whole, kind, why, indent, language, code] = match;
    const before = text.slice(0, match.index + whole.indexOf("```"));
    return {
      line: before.split("\n").length,
      language: language!,
      text: code!.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      mark: kind === undefined ? ofAll.get(language!) : { kind: kind as Mark["kind"], text: why! },
    };
  });
}
