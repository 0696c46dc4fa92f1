// A thread that ought to read a config, and fails, or is late, in the way that the name of the file says.
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";

const { source: { file } } = workerData as { source: { file: string } };
if (file.endsWith("exits.json")) process.exit(3);
if (file.endsWith("throws.json")) throw new Error("thrown by the thread");
if (file.endsWith("hangs.json")) { for (;;); }
parentPort!.on("message", () => parentPort!.postMessage({ done: true }));
setTimeout(() => parentPort!.postMessage({ part: { path: [], value: { config: "late" } } }), 200);
