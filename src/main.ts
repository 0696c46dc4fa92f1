import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { sendConfig } from "./cli/config-thread.ts";
import { runProgram } from "./cli/program.ts";

// The program is its own thread as well: so one file holds both when it is compiled.
if (isMainThread) process.exit(await runProgram(process.argv.slice(2), import.meta.url));
else sendConfig();
