import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** `USER_HZ`: the unit of CPU times in /proc is 10 ms on every Linux that this runs on. */
const MS_PER_TICK = 10;

/** What a process and all its descendants have used so far. */
export interface Usage {
  /** User and system time together. */
  cpuMs: number;
  /** Resident memory now; pages shared between members count for each. */
  rssBytes: number;
  /** Highest resident memory of each member since it started or since `resetPeak`, added up. */
  peakBytes: number;
}

/** The process and its living descendants, parents before their children; empty when `root` is gone. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    const stat = /^\d+$/.test(entry) ? readStat(Number(entry)) : undefined;
    if (stat !== undefined) parents.set(Number(entry), stat.parent);
  }
  if (!parents.has(root)) return [];
  const tree = [root];
  for (const member of tree) { // grows while it is walked
    for (const [pid, parent] of parents) {
      if (parent === member) tree.push(pid);
    }
  }
  return tree;
}

/** Sums up what `root` and its descendants have used, or `undefined` when `root` is gone. */
export function readUsage(root: number): Usage | undefined {
  const tree = processTree(root);
  if (tree.length === 0) return undefined;
  const usage: Usage = { cpuMs: 0, rssBytes: 0, peakBytes: 0 };
  for (const pid of tree) {
    const status = readProc(pid, "status") ?? "";
    usage.cpuMs += (readStat(pid)?.cpuTicks ?? 0) * MS_PER_TICK;
    usage.rssBytes += statusBytes(status, "VmRSS");
    usage.peakBytes += statusBytes(status, "VmHWM");
  }
  return usage;
}

/** Lowers the peak memory of `root` and its descendants to what they hold now (proc(5), clear_refs 5). */
export function resetPeak(root: number): void {
  for (const pid of processTree(root)) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, "5");
    } catch {
      // Not permitted for a worker that changed its user: its peak then counts from its start.
    }
  }
}

/** Counts a zombie as gone: it holds no memory and does nothing more. */
function readStat(pid: number): { parent: number; cpuTicks: number } | undefined {
  const stat = readProc(pid, "stat");
  if (stat === undefined) return undefined;
  // The command name, second field, is in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z") return undefined;
  return { parent: Number(fields[1]), cpuTicks: Number(fields[11]) + Number(fields[12]) };
}

function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined; // the process ended between listing and reading
  }
}

function statusBytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024;
}
