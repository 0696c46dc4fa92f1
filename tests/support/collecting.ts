// Sluice, which collects its garbage whenever it gets SIGUSR2, and prints how much its heap holds then.
import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";

const { Bun: bun } = globalThis as { Bun?: { gc(force: boolean): void } };

/** Collects everything at once. */
function collector(): () => void {
  if (bun !== undefined) return () => bun.gc(true);
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc");
}

const collect = collector();
let count = 0;
process.on("SIGUSR2", () => {
  collect();
  console.log(JSON.stringify({ event: "collected", count: ++count, bytes: process.memoryUsage().heapUsed }));
});

await import("../../src/main.ts");
