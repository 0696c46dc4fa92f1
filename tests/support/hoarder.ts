import { closeSync, openSync, readFileSync } from "node:fs";
import process from "node:process";
import { createProxy } from "../../src/mod.ts";

// A program with a proxy in it that, at each SIGUSR2, opens all files that it may, or closes them again. The config is
// the JSON file that its last argument names.

const files: number[] = [];

process.on("SIGUSR2", () => {
  if (files.length > 0) {
    for (const file of files.splice(0)) closeSync(file);
    return console.log("given back");
  }
  try {
    for (;;) files.push(openSync("/dev/null", "r"));
  } catch {
    console.log("hoarded");
  }
});

await createProxy(JSON.parse(readFileSync(process.argv.at(-1)!, "utf8"))).start();
