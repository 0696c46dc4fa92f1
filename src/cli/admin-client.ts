import { Buffer } from "node:buffer";
import { request } from "node:http";
import { DEFAULT_ADMIN_BIND } from "../config/sections/admin.ts";
import { loadConfigFile } from "../config/load.ts";

/** For an answer, in ms: a reload may take long. */
const ANSWER_MS = 120_000;

/** Where the admin listener of a running proxy is, and what it wants to be shown. */
export interface AdminPlace {
  /** As it is shown: a URL, or `unix:/path`. */
  readonly text: string;
  readonly target: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly token: string | undefined;
}

/** What an operator says of that. */
export interface AdminOptions {
  /** `http://host:port`, or `unix:/path`. */
  readonly admin?: string;
  readonly token?: string;
  /** A config whose [admin] section says both. */
  readonly config?: string;
}

/** Finds it: by `admin`, else in the config, else where it is by default. Throws a `RangeError`, or a `ConfigError`. */
export function adminPlace({ admin, token, config }: AdminOptions, tokenOfEnvironment?: string): AdminPlace {
  const written = config === undefined ? undefined : loadConfigFile(config).admin;
  if (config !== undefined && written === undefined && admin === undefined) {
    throw new RangeError(`${config} has no [admin] section: its proxy has no admin listener`);
  }
  const shown = token || tokenOfEnvironment || written?.token; // an empty variable is none
  const bind = written?.bind;
  const address = bind === undefined
    ? DEFAULT_ADMIN_BIND
    : bind.kind === "tcp" && bind.host === ""
    ? `127.0.0.1:${bind.port}`
    : bind.text;
  return { ...targetOf(admin ?? address), token: shown };
}

function targetOf(text: string): Pick<AdminPlace, "text" | "target"> {
  if (text.startsWith("unix:/")) return { text, target: { socketPath: text.slice("unix:".length) } };
  const written = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || url.protocol !== "http:") {
    throw new RangeError(
      `"${text}" is no address of an admin listener; accepted: http://host:port or unix:/path`,
    );
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { text: url.origin, target: { host, port: Number(url.port || 80) } };
}

/** An answer of the admin API. */
export interface AdminAnswer {
  readonly status: number;
  /** Its JSON, or the text where it is none. */
  readonly value: unknown;
}

/** Asks a running proxy. Rejects where there is no answer. */
export function askAdmin(
  { target, token }: AdminPlace,
  { method, path, body, timeoutMs = ANSWER_MS }: {
    method: string;
    path: string;
    body?: unknown;
    timeoutMs?: number;
  },
): Promise<AdminAnswer> {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = {
    ...("socketPath" in target && { Host: "localhost" }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...(bytes && { "Content-Type": "application/json", "Content-Length": bytes.length }),
    Connection: "close",
  };
  return new Promise((resolve, reject) => {
    const asked = request({ ...target, method, path, headers, timeout: timeoutMs }, (answer) => {
      const parts: Uint8Array[] = [];
      answer.on("data", (part) => void parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        resolve({ status: answer.statusCode ?? 0, value: toValue(Buffer.concat(parts).toString("utf8")) });
      });
    });
    asked.on("timeout", () => asked.destroy(new Error("it took too long")));
    asked.on("error", reject);
    asked.end(bytes);
  });
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
