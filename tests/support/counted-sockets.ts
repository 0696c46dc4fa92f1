import { OPEN_FILES } from "../../src/net/open-files.ts";
import { eventually } from "./eventually.ts";

let scenes = 0;

/** A scene begins that opens sockets. Returns what asserts, behind its end and that of all others, that none is counted. */
export function countSockets(): () => Promise<void> {
  scenes++;
  return async () => {
    if (--scenes === 0) await eventually("no socket to be counted", () => OPEN_FILES.sockets === 0);
  };
}
