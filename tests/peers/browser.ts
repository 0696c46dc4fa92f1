import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { programPath } from "./commands.ts";

/** Where Debian's and others' packages put the program. */
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"].map((name) => programPath(name))
  .find((path) => path !== undefined);

/** Whether there is a browser. */
export const HAS_BROWSER = CHROMIUM !== undefined;

/** A page of a browser of its own, which closes with its test; `complaints` is what the page wrote as an error. */
export interface Visit {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Opens `url` in a headless Chromium. */
export async function visit(
  t: TestContext,
  url: string,
  { prepare, ...options }: BrowserContextOptions & { prepare?: (page: Page) => Promise<unknown> } = {},
): Promise<Visit> {
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const page = await (await browser.newContext(options)).newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await prepare?.(page);
  await page.goto(url);
  return { page, complaints };
}

/** A fault that axe finds. */
interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What keeps people from using the page: the serious faults that axe finds, each with its first place. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(`if (globalThis.axe === undefined) { ${AXE} }`);
  const { violations } = await page.evaluate("axe.run()") as { violations: Violation[] };
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]!.target.join(" ")}: ${nodes[0]!.failureSummary}`);
}
