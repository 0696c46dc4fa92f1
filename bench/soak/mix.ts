import { setTimeout as sleep } from "node:timers/promises";
import { ABORTS } from "./aborts.ts";
import { type Act, get } from "./act.ts";
import { ERRORS } from "./errors.ts";
import { type Answer, expectAnswer, type Guest, readAnswer } from "./guest.ts";
import { checksum, MIB, MIB_SUM } from "./payload.ts";
import { STREAMS } from "./streams.ts";

const PIPELINED = 8;
const SLOW_READ_MS = 10;
const SMALL: Partial<Answer> = { status: 200, text: "Hello, world!" };
const WHOLE_MIB: Partial<Answer> = { status: 200, bytes: MIB.length, sum: MIB_SUM };
const UPLOAD_CHUNK_BYTES = 30_000;

const ORDINARY: readonly Act[] = [
  { name: "small GET", weight: 1000, run: (guest) => askKept(guest, get("/small"), SMALL) },
  { name: "small GET, one-shot", weight: 40, run: (guest) => askOnce(guest, "/small", SMALL) },
  { name: "1 MiB GET", weight: 20, run: (guest) => askKept(guest, get("/to/mib"), WHOLE_MIB) },
  { name: "1 MiB GET, chunked", weight: 10, run: (guest) => askKept(guest, get("/to/chunked"), WHOLE_MIB) },
  { name: "1 MiB GET, one-shot", weight: 5, run: (guest) => askOnce(guest, "/to/mib", WHOLE_MIB) },
  {
    name: "own answer",
    weight: 20,
    run: (guest) => askKept(guest, get("/respond"), { status: 200, text: "ours" }),
  },
  { name: "POST", weight: 40, run: (guest) => upload(guest, false) },
  { name: "POST, chunked", weight: 40, run: (guest) => upload(guest, true) },
  { name: "pipelined GETs", weight: 20, run: pipeline },
  { name: "slow reader", weight: 10, run: readSlowly },
];

/** The whole mix. */
export const MIX: readonly Act[] = [...ORDINARY, ...ABORTS, ...STREAMS, ...ERRORS];

async function askKept(guest: Guest, request: string, wanted: Partial<Answer>): Promise<void> {
  const wire = await guest.kept();
  await wire.write(request);
  expectAnswer(await guest.keptAnswer(), wanted);
}

async function askOnce(guest: Guest, path: string, wanted: Partial<Answer>): Promise<void> {
  const wire = await guest.fresh();
  await wire.write(get(path, "Connection: close\r\n"));
  expectAnswer(await readAnswer(wire), wanted);
  await wire.ended();
}

/** Between one byte and one MiB, small ones as often as large ones. */
async function upload(guest: Guest, chunked: boolean): Promise<void> {
  const body = MIB.subarray(0, Math.floor(2 ** (Math.random() * 20)));
  const wire = await guest.kept();
  const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
  const sent = (async () => {
    await wire.write(`POST /to/sum HTTP/1.1\r\nHost: soak.localhost\r\n${framing}\r\n\r\n`);
    if (!chunked) return await wire.write(body);
    for (let at = 0; at < body.length; at += UPLOAD_CHUNK_BYTES) {
      const piece = body.subarray(at, at + UPLOAD_CHUNK_BYTES);
      await wire.write(`${piece.length.toString(16)}\r\n`);
      await wire.write(piece);
      await wire.write("\r\n");
    }
    await wire.write("0\r\n\r\n");
  })();
  expectAnswer(await guest.keptAnswer(), { status: 200, text: `${body.length} ${checksum(body)}` });
  await sent;
}

async function pipeline(guest: Guest): Promise<void> {
  const wire = await guest.fresh();
  await wire.write(get("/small").repeat(PIPELINED));
  for (let i = 0; i < PIPELINED; i++) expectAnswer(await readAnswer(wire), SMALL);
}

async function readSlowly(guest: Guest): Promise<void> {
  const wire = await guest.fresh();
  await wire.write(get("/to/mib"));
  expectAnswer(await readAnswer(wire, () => sleep(SLOW_READ_MS)), WHOLE_MIB);
}
