import { ask } from "./ask.ts";
import { executablePath } from "./executable-path.ts";
import { launch } from "./launch.ts";
import { nginxConfig } from "./nginx-config.ts";
import { type Scenario, SCENARIOS, SMALL_BODY } from "./scenarios.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Starts the one server behind every proxy: an nginx that answers all scenarios. Returns its URL.
 *
 * It listens on further `addresses` as well, which must be of this machine. Throws when nginx is missing, or when `/chunked` is not chunked.
 */
export async function startOrigin(
  workspace: Workspace,
  port: number,
  addresses: readonly string[] = [],
): Promise<string> {
  const executable = executablePath("nginx");
  if (executable === undefined) {
    throw new Error("Cannot start the origin: nginx is missing: apt-get install nginx");
  }
  const directory = workspace.folder("origin");
  workspace.folder("origin/files");
  for (const { path, method, answer } of SCENARIOS) {
    if (method === "GET") workspace.write(`origin/files${path}`, "x".repeat(answer.bodyBytes));
  }
  const fixed = SCENARIOS.filter(({ answerHeaders }) => answerHeaders !== undefined).map(fixedAnswer);
  const file = workspace.write(
    "origin/nginx.conf",
    nginxConfig(
      directory,
      httpBlock(directory, ["127.0.0.1", ...addresses].map((address) => `${address}:${port}`), fixed),
    ),
  );
  const url = `http://127.0.0.1:${port}`;
  await launch(workspace, {
    command: { executable, args: ["-p", directory, "-e", "stderr", "-c", file], logPath: `${directory}/log` },
    url,
  });
  if ((await ask(`${url}/chunked`)).transferEncoding !== "chunked") {
    throw new Error("Cannot use this nginx as the origin: /chunked came with a length");
  }
  return url;
}

/**
 * Two tricks, as a stock nginx has no handler for either:
 * `/chunked` is a static file that passes the SSI filter, which drops Content-Length since it cannot know the
 * length of what it will have inserted (nothing, here).
 * `/upload` proxies to nginx itself without the body: request buffering, on by default, means that the whole
 * body has been read before the second request leaves, so that the 204 cannot overtake the upload.
 */
function httpBlock(directory: string, binds: readonly string[], locations: readonly string[]): string {
  const sink = `unix:${directory}/sink.sock`;
  return `
  open_file_cache max=16;
  upstream sink { server ${sink}; keepalive 64; }
  server { listen ${sink}; return 204; }
  server {
    ${binds.map((bind) => `listen ${bind};`).join("\n    ")}
    root ${directory}/files;
    location = /small { return 200 "${SMALL_BODY}"; }
    ${locations.join("\n    ")}
    location = /chunked { ssi on; ssi_types *; }
    location = /upload {
      client_max_body_size 1m;
      client_body_buffer_size 128k;
      proxy_pass http://sink;
      proxy_http_version 1.1;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Connection "";
    }
  }`;
}

/** The small answer, or a file, with fields of the scenario's own. */
function fixedAnswer({ path, answer, answerHeaders = {} }: Scenario): string {
  const fields = Object.entries(answerHeaders).map(([name, value]) => `add_header ${name} '${value}';`);
  const content = answer.bodyBytes === SMALL_BODY.length ? `return 200 "${SMALL_BODY}";` : "";
  return `location = ${path} { ${fields.join(" ")} ${content} }`;
}
