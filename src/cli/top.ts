import process from "node:process";
import { print } from "../net/stdout.ts";
import { type AdminOptions, type AdminPlace, adminPlace, askAdmin } from "./admin-client.ts";
import { shortSpan } from "./top-numbers.ts";
import { drawTop, type TopState, type TopView } from "./top-screen.ts";

/** Between two looks, in ms. */
const INTERVAL_MS = 1000;
/** Time for an answer, in ms. */
const ANSWER_MS = 3000;

/** Bytes of the keys that end it: q, Q, Ctrl-C, Ctrl-D. */
const LEAVING = [0x71, 0x51, 0x03, 0x04];

const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/**
 * Shows the state of a running proxy, again and again until `q`; once where nobody looks at a terminal. Resolves with the
 * exit code.
 */
export async function top(options: AdminOptions): Promise<number> {
  const { stdin, stdout } = process;
  let admin: AdminPlace;
  try {
    admin = adminPlace(options, process.env["SLUICE_ADMIN_TOKEN"]);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    await print(`${error.message}\n`, "stderr");
    return 1;
  }
  if (!stdout.isTTY || !stdin.isTTY) return await once(admin);
  const left = new Promise<void>((resolve) => {
    stdin.on("data", (keys: Uint8Array) => {
      if (LEAVING.some((key) => keys.includes(key))) resolve();
    });
    process.on("SIGTERM", resolve);
  });
  stdin.setRawMode(true);
  stdout.write(ENTER);
  try {
    await watch(admin, left);
  } finally {
    stdout.write(LEAVE);
    stdin.setRawMode(false);
    stdin.pause();
  }
  return 0;
}

async function once(admin: AdminPlace): Promise<number> {
  try {
    const view = { columns: Infinity, rows: Infinity, colours: false, now: Date.now(), notice: "" };
    await print(drawTop(await stateOf(admin), view).join("\n") + "\n");
    return 0;
  } catch (error) {
    await print(`${noAnswer(admin, error)}\n`, "stderr");
    return 1;
  }
}

/** Draws once a second and where the terminal changes its size, until `left`. */
async function watch(admin: AdminPlace, left: Promise<void>): Promise<void> {
  const { stdout } = process;
  let state: TopState | undefined;
  let heardAt = 0;
  let trouble = "";
  let over = false;
  const draw = () => {
    const view: TopView = {
      columns: stdout.columns,
      rows: stdout.rows,
      colours: process.env["NO_COLOR"] === undefined,
      now: Date.now(),
      notice: trouble === "" ? "" : `${trouble}; this is as of ${shortSpan(Date.now() - heardAt)} ago`,
    };
    const lines = state === undefined ? [trouble || `Asking ${admin.text} …`] : drawTop(state, view);
    // Each line is written over and its rest erased, so that nothing flickers.
    stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
  };
  stdout.on("resize", draw);
  void left.then(() => (over = true));
  while (!over) {
    try {
      state = await stateOf(admin);
      heardAt = Date.now();
      trouble = "";
    } catch (error) {
      trouble = noAnswer(admin, error);
    }
    if (over) break;
    draw();
    let timer;
    await Promise.race([left, new Promise((resolve) => timer = setTimeout(resolve, INTERVAL_MS))]);
    clearTimeout(timer);
  }
  stdout.off("resize", draw);
}

async function stateOf(admin: AdminPlace): Promise<TopState> {
  const { status, value } = await askAdmin(admin, { method: "GET", path: "/status", timeoutMs: ANSWER_MS });
  if (status === 200) return value as TopState;
  throw new Error(`status ${status}${status === 401 ? ": the token is wrong, or missing" : ""}`);
}

function noAnswer({ text }: AdminPlace, error: unknown): string {
  return `No answer from ${text}: ${error instanceof Error ? error.message : String(error)}`;
}
