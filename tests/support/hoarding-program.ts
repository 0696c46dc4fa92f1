import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { isMainThread } from "node:worker_threads";

// Sluice itself, which at each SIGUSR2 opens all files that it may but a few, or closes them again.

/** A config is looked at with one. */
const LEFT = 4;

if (isMainThread) {
  const files: number[] = [];
  process.on("SIGUSR2", () => {
    if (files.length > 0) {
      for (const file of files.splice(0)) closeSync(file);
      return console.log("given back");
    }
    try {
      for (;;) files.push(openSync("/dev/null", "r"));
    } catch {
      for (const file of files.splice(-LEFT)) closeSync(file);
      console.log("hoarded");
    }
  });
}

await import("../../src/main.ts");
