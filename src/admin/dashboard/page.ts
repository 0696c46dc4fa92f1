import { createHash } from "node:crypto";
import uplotScript from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import access from "./access.js" with { type: "text" };
import backends from "./backends.js" with { type: "text" };
import elements from "./elements.js" with { type: "text" };
import feed from "./feed.js" with { type: "text" };
import frame from "./frame.html" with { type: "text" };
import lanes from "./lanes.js" with { type: "text" };
import ledgers from "./ledgers.js" with { type: "text" };
import main from "./main.js" with { type: "text" };
import operate from "./operate.js" with { type: "text" };
import style from "./page.css" with { type: "text" };
import plots from "./plots.js" with { type: "text" };
import series from "./series.js" with { type: "text" };
import theme from "./theme.js" with { type: "text" };
import verdict from "./verdict.js" with { type: "text" };
import words from "./words.js" with { type: "text" };

/** The modules of the page, each after those that it imports. */
const MODULES = [
  words,
  elements,
  access,
  feed,
  series,
  plots,
  operate,
  lanes,
  backends,
  ledgers,
  verdict,
  theme,
  main,
];

const ICON = "data:image/svg+xml," + encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="3">` +
    `<path stroke="#6b8084" d="M5 2v28M27 2v28"/><path fill="#6b8084" d="M8 5h16v11H8z"/>` +
    `<path stroke="#2b8fa0" d="M1 25c3 0 3-3 6-3s3 3 6 3 3-3 6-3 3 3 6 3 3-3 6-3"/></svg>`,
);

/** The dashboard: a page that needs nothing besides itself, and the fields that it is sent with. */
export interface DashboardPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

let made: DashboardPage | undefined;

/** The page, made when it is first asked for. */
export function dashboardPage(): DashboardPage {
  return made ??= makePage();
}

/** The page's own script: its modules as one, in a scope of its own. */
export function dashboardScript(): string {
  const parts = MODULES.map((text) => text.replace(/^import [^;]*;\n/gm, "").replace(/^export /gm, ""));
  return `"use strict";(() => {\n${parts.join("\n")}\n})();`;
}

function makePage(): DashboardPage {
  const scripts = [uplotScript, dashboardScript()];
  const styles = [uplotStyle, style];
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sluice</title>
<link rel="icon" href="${ICON}">
${styles.map((text) => `<style>${text}</style>`).join("\n")}
</head>
<body>
${frame}
${scripts.map((text) => `<script>${text}</script>`).join("\n")}
</body>
</html>
`;
  return { html, headers: headersOf(html, { scripts, styles }) };
}

/** Nothing runs on the page but what it was sent with, and it speaks with nobody but the proxy. */
function headersOf(
  html: string,
  { scripts, styles }: { scripts: readonly string[]; styles: readonly string[] },
): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(" ")}`,
    `style-src ${styles.map(hashOf).join(" ")}`,
    "img-src data:",
    "connect-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": String(new TextEncoder().encode(html).length),
    "Content-Security-Policy": policy.join("; "),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
  };
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
