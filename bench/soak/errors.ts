import { type Act, get } from "./act.ts";
import { expectAnswer, readAnswer } from "./guest.ts";

/** Requests that fail, and the status that each must get. */
export const ERRORS: readonly Act[] = [
  refuse("404 of ours", get("/nowhere"), 404),
  refuse("502, refused", get("/refused"), 502),
  refuse("500 of the server", get("/to/error"), 500),
  refuse("404 of the server", get("/to/nothing"), 404),
  refuse("no Host", "GET /small HTTP/1.1\r\n\r\n", 400),
  refuse("blank before the colon", get("/small", "X-A : b\r\n"), 400),
  refuse("two lengths", get("/small", "Content-Length: 1\r\nContent-Length: 2\r\n"), 400),
  refuse("length and chunks", get("/small", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400),
  refuse("no request line", "what is this\r\n\r\n", 400),
  refuse("header of 40 KB", get("/small", `X-A: ${"a".repeat(40_000)}\r\n`), 431),
  refuse(
    "bad chunk",
    "POST /to/sum HTTP/1.1\r\nHost: soak.localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    400,
  ),
];

function refuse(name: string, request: string, status: number): Act {
  return {
    name,
    weight: 4,
    async run(guest) {
      const wire = await guest.fresh();
      await wire.write(request);
      expectAnswer(await readAnswer(wire), { status });
    },
  };
}
