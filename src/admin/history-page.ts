import type { History, Plotted } from "../observe/history.ts";
import { inSnakeCase } from "../base/snake-case.ts";
import { ALL_KEY, backendOfKey } from "./watched.ts";

/** The JSON of `/history`: plots of everything and of each backend, over the last 15 minutes. */
export function historyPage(history: History): string {
  return pageOf(history.plots());
}

/** The same of the last step alone. */
export function stepPage(history: History): string {
  return pageOf(history.lastStep());
}

function pageOf<T extends object>({ plots, ...when }: Plotted<T>): string {
  const backends = [...plots].flatMap(([key, its]) => {
    const name = backendOfKey(key);
    return name === undefined ? [] : [{ name, ...its }];
  });
  return JSON.stringify(inSnakeCase({ ...when, all: plots.get(ALL_KEY), backends }));
}
