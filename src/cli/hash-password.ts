import process from "node:process";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { print } from "../net/stdout.ts";
import { hashPassword } from "../access/password.ts";

/**
 * Reads a password, one line of standard input, and prints its hash for the `users` of a relay. Resolves with the exit
 * code. There is no option for the password: others on the machine can read command lines.
 */
export async function printPasswordHash(): Promise<number> {
  try {
    await print(await hashPassword(await readPassword()) + "\n");
    return 0;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    await print(error.message + "\n", "stderr");
    return 1;
  }
}

/** Asks for it on a terminal, without showing what is typed. Empty where there is no line. */
async function readPassword(): Promise<string> {
  const asks = process.stdin.isTTY === true;
  if (asks) await print("Password: ", "stderr");
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, ...(asks && { output: nowhere, terminal: true }) });
  const line = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  lines.close();
  if (asks) await print("\n", "stderr");
  return line;
}
