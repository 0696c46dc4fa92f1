import { cpus, release } from "node:os";

/** What a reader has to know to judge the figures: the day, the machine, the load and the versions. */
export function machine(
  { seconds, rounds, connections }: { seconds: number; rounds: number; connections?: number },
  proxies: readonly { title: string; version: string }[],
): string {
  const processors = cpus();
  const versions = proxies.map(({ title, version }) => `${title} ${version}`.trim()).join(", ");
  const load = connections === undefined ? "" : `${connections} connections, `;
  return `${new Date().toISOString().slice(0, 10)}, ${processors.length} × ${processors[0]?.model.trim()}, ` +
    `Linux ${release()}; ${load}${rounds} × ${seconds} s per figure; ${versions}\n`;
}
