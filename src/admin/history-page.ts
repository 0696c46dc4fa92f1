import type { History } from "../observe/history.ts";
import { ALL_KEY, backendOfKey } from "./watched.ts";
import { inSnakeCase } from "./status-page.ts";

/** The JSON of `/history`: plots of everything and of each backend, over the last 15 minutes. */
export function historyPage(history: History): string {
  const { plots, ...when } = history.plots();
  const backends = [...plots].flatMap(([key, series]) => {
    const name = backendOfKey(key);
    return name === undefined ? [] : [{ name, ...series }];
  });
  return JSON.stringify(inSnakeCase({ ...when, all: plots.get(ALL_KEY), backends }));
}
