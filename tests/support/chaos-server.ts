/**
 * A server to be killed: `chaos-server.ts NAME PORT FILE`. It writes the path of each request into FILE before anything
 * else, so that a count outlives it. `/control/counts` tells how often each path came, to this process or one before
 * it; after `/control/half` it answers half of the next request and dies.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import process from "node:process";

/** Time that an answer takes, so that requests are under way whenever the server dies. */
const ANSWER_MS = 10;

const [name, port, file] = process.argv.slice(2) as [string, string, string];
let answersHalf = false;

const server = createServer((request, response) => {
  const path = request.url!;
  if (path === "/health") return void response.end("ok");
  if (path === "/control/counts") return void response.end(JSON.stringify(counts()));
  if (path === "/control/half") {
    answersHalf = true;
    return void response.end("ok");
  }
  appendFileSync(file, `${path}\n`);
  let length = 0;
  request.on("data", (chunk: Uint8Array) => length += chunk.length);
  request.on("end", () => setTimeout(() => answer(request, response, length), ANSWER_MS));
});

function answer(request: IncomingMessage, response: ServerResponse, length: number): void {
  const body = `${request.url} ${length}`;
  response.setHeader("X-Server", `${name} ${process.pid}`);
  if (!answersHalf) {
    response.setHeader("Content-Length", body.length);
    return void response.end(body);
  }
  answersHalf = false;
  response.setHeader("Content-Length", 2 * body.length);
  response.write(body);
  setTimeout(() => process.kill(process.pid, "SIGKILL"), ANSWER_MS);
}

function counts(): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const path of readFileSync(file, "utf8").split("\n")) {
    if (path !== "") counted[path] = (counted[path] ?? 0) + 1;
  }
  return counted;
}

function listen(): void {
  server.listen(Number(port), "127.0.0.1", () => {
    console.log(`port ${(server.address() as { port: number }).port}`);
  });
}

// What is left of the process before it may hold the port for a moment.
server.on("error", () => setTimeout(listen, 20));
listen();
