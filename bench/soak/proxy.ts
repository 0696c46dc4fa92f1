import { fileURLToPath } from "node:url";
import { commandArgs, type Contestant } from "../contestant.ts";
import { freePort, launch } from "../launch.ts";
import type { Workspace } from "../workspace.ts";
import type { Proxy } from "./state.ts";

/** A proxy of the soak, and where its log goes. */
export interface StartedProxy extends Proxy {
  logPath: string;
}

/** Starts the origin on the runtime of this process; returns its port. */
export async function startSoakOrigin(workspace: Workspace): Promise<number> {
  const port = await freePort();
  const script = fileURLToPath(new URL("origin.ts", import.meta.url));
  const run = process.versions["bun"] === undefined ? ["run", "-A", "--no-lock"] : [];
  await launch(workspace, {
    command: {
      executable: process.execPath,
      args: [...run, script, String(port)],
      logPath: `${workspace.folder("origin")}/log`,
    },
    url: `http://127.0.0.1:${port}`,
  });
  return port;
}

/** Starts Sluice in front of the origin and of a server that is not there; rejects where it does not answer. */
export async function startProxy(
  workspace: Workspace,
  { runner, executable, originPort }: { runner: Contestant; executable: string; originPort: number },
): Promise<StartedProxy> {
  const directory = workspace.folder(runner.name);
  const place = {
    directory,
    originPort,
    port: await freePort(),
    adminPort: await freePort(),
    connections: 0,
  };
  const configPath = workspace.write(
    `${runner.name}/soak.toml`,
    soakConfig({ ...place, nobodyPort: await freePort() }),
  );
  const logPath = `${directory}/log`;
  const pid = await launch(workspace, {
    command: {
      executable,
      args: commandArgs(runner, configPath, place),
      env: runner.env?.(place) ?? {},
      logPath,
    },
    url: `http://127.0.0.1:${place.port}`,
  });
  return { pid, port: place.port, adminPort: place.adminPort, logPath };
}

/** Defaults wherever nothing else is needed. */
function soakConfig(
  { port, adminPort, originPort, nobodyPort }: Record<
    "port" | "adminPort" | "originPort" | "nobodyPort",
    number
  >,
): string {
  return `
[log]
level = "warn"
access = false

[admin]
bind = "127.0.0.1:${adminPort}"

[[frontends]]
bind = "127.0.0.1:${port}"

  [[frontends.routes]]
  path_prefix = "/small"
  backend = "origin"

  [[frontends.routes]]
  path_prefix = "/to"
  backend = "origin"

  [[frontends.routes]]
  path_prefix = "/refused"
  backend = "nobody"

  [[frontends.routes]]
  path_prefix = "/respond"
  respond = { body = "ours" }

[backends.origin]
servers = ["http://127.0.0.1:${originPort}"]

[backends.nobody]
servers = ["http://127.0.0.1:${nobodyPort}"]
`;
}
