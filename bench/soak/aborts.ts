import { setTimeout as sleep } from "node:timers/promises";
import { type Act, get } from "./act.ts";
import type { Guest } from "./guest.ts";
import { MIB } from "./payload.ts";
import type { Wire } from "./wire.ts";

const PATIENCE_MS = 40;
const UPLOAD_HEAD = "POST /to/sum HTTP/1.1\r\nHost: soak.localhost\r\n";

/** Clients that go, by what they have done before. */
export const ABORTS: readonly Act[] = [
  abort("abort after connecting", 5, async () => {}),
  abort("abort in the head", 10, (wire) => wire.write("GET /small HTTP/1.1\r\nHost: soak.loc")),
  abort("abort in an upload", 10, async (wire) => {
    await wire.write(`${UPLOAD_HEAD}Content-Length: ${MIB.length}\r\n\r\n`);
    await wire.write(MIB.subarray(0, part()));
  }),
  abort("abort in a chunked upload", 10, async (wire) => {
    await wire.write(`${UPLOAD_HEAD}Transfer-Encoding: chunked\r\n\r\n100000\r\n`);
    await wire.write(MIB.subarray(0, part()));
  }),
  abort("abort while waiting", 10, (wire) => wire.write(get("/to/slow"))),
  abort("abort while several wait", 5, (wire) => wire.write(get("/to/slow").repeat(3))),
  abort("abort in the answer", 10, async (wire) => {
    await wire.write(get("/to/mib"));
    for (let left = part(); left > 0;) left -= (await wire.chunk())?.length ?? left;
  }),
  abort("abort in a chunked answer", 10, async (wire) => {
    await wire.write(get("/to/chunked"));
    for (let left = part(); left > 0;) left -= (await wire.chunk())?.length ?? left;
  }),
];

/** After `begin` the client waits for up to 40 ms and goes, every second time with a RST. */
function abort(name: string, weight: number, begin: (wire: Wire) => Promise<void>): Act {
  return {
    name,
    weight,
    async run(guest: Guest) {
      const wire = await guest.fresh();
      await begin(wire);
      await sleep(Math.random() * PATIENCE_MS);
      if (Math.random() < 0.5) wire.reset();
      else wire.close();
    },
  };
}

/** Some of a MiB, in bytes. */
function part(): number {
  return Math.floor(Math.random() * MIB.length);
}
