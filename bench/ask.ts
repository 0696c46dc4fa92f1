import { request } from "node:http";

/** An answer whose body was read to its end. */
export interface Answer {
  status: number;
  bodyBytes: number;
  transferEncoding: string | undefined;
}

/** What to ask besides the URL. */
export interface Question {
  method?: string;
  /** Size of the request body. */
  uploadBytes?: number;
  /** URL of a forward proxy that is asked in place of the origin, in absolute form. */
  via?: string | undefined;
  timeoutMs?: number;
}

/** Sends one request on a connection of its own. Not by `fetch`: runtimes differ in how they name a proxy to it. */
export function ask(
  url: string,
  { method = "GET", uploadBytes = 0, via, timeoutMs = 5000 }: Question = {},
): Promise<Answer> {
  const target = new URL(url);
  const { hostname, port } = via === undefined ? target : new URL(via);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: hostname,
      port,
      method,
      path: via === undefined ? target.pathname : url,
      headers: { Host: target.host, ...(uploadBytes > 0 && { "Content-Length": uploadBytes }) },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    }, (response) => {
      let bodyBytes = 0;
      response.on("data", (chunk: Uint8Array) => bodyBytes += chunk.byteLength).on("error", reject).on(
        "end",
        () => {
          const transferEncoding = response.headers["transfer-encoding"];
          resolve({ status: response.statusCode ?? 0, bodyBytes, transferEncoding });
        },
      );
    });
    outgoing.on("error", reject).end("x".repeat(uploadBytes));
  });
}
