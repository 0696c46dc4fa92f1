import process from "node:process";
import v8 from "node:v8";

/** What this process has taken of its memory, as far as its runtime counts that. Collections make it less. */
export interface Taken {
  /** Bytes of the heap; undefined on Bun, which counts them at collections only. */
  readonly bytes: number | undefined;
  /** Objects on the heap; undefined on Deno. */
  readonly objects: number | undefined;
  readonly promises: number;
}

/** Begins to count, and gives what tells the counts. */
export async function countMemory(): Promise<() => Taken> {
  if (process.versions["bun"] === undefined) return countOnDeno();
  const name = "bun:jsc"; // not there for the other runtime, nor for its types
  const { heapStats } = await import(name) as { heapStats(): HeapStats };
  return () => {
    const { objectTypeCounts } = heapStats();
    const objects = Object.values(objectTypeCounts).reduce((sum, count) => sum + count, 0);
    return { bytes: undefined, objects, promises: objectTypeCounts["Promise"] ?? 0 };
  };
}

interface HeapStats {
  readonly objectTypeCounts: Readonly<Record<string, number>>;
}

function countOnDeno(): () => Taken {
  let promises = 0;
  v8.promiseHooks.onInit(() => promises++);
  return () => ({ bytes: process.memoryUsage().heapUsed, objects: undefined, promises });
}
