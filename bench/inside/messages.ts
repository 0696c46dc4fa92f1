import { Buffer } from "node:buffer";
import { type Scenario, SMALL_BODY } from "../scenarios.ts";

/** What a client of the scenario sends, as wrk does. */
export function requestBytes({ path, headers = {} }: Scenario): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n${lines(headers)}\r\n`, "latin1");
}

/** What the origin answers, as nginx does. */
export function answerBytes({ answerHeaders = {} }: Scenario): Buffer {
  const fields = {
    Server: "nginx/1.22.1",
    Date: "Sat, 28 Nov 2026 12:34:56 GMT",
    "Content-Type": "application/octet-stream",
    "Content-Length": String(SMALL_BODY.length),
    Connection: "keep-alive",
    ...answerHeaders,
  };
  return Buffer.from(`HTTP/1.1 200 OK\r\n${lines(fields)}\r\n${SMALL_BODY}`, "latin1");
}

function lines(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
}
