import { Program } from "../support/program.ts";
import { Origin } from "./origin.ts";
import { Parent, PARENT_PASSWORD, PARENT_USER, type ParentKind } from "./parent.ts";

/** The program `sluice` as a relay between clients and two parents of one kind, or straight to the target. */
export class Scene {
  readonly relay: Program;
  readonly parents: readonly Parent[];
  readonly origin: Origin;

  private constructor(relay: Program, parents: readonly Parent[], origin: Origin) {
    this.relay = relay;
    this.parents = parents;
    this.origin = origin;
  }

  /** Starts it all. `extra` is put behind the keys of `[frontends.relay]`. */
  static async start(kind: ParentKind | "straight", extra = ""): Promise<Scene> {
    const count = kind === "straight" ? 0 : 2;
    const starting = [
      Origin.start(),
      ...Array.from({ length: count }, () => Parent.start(kind as ParentKind)),
    ] as const;
    try {
      const [origin, ...parents] = await Promise.all(starting);
      const relay = await Program.run(config(origin, parents, extra));
      return new Scene(relay, parents, origin);
    } catch (error) {
      // What did start must not stay behind.
      for (const part of await Promise.allSettled(starting)) {
        if (part.status === "fulfilled") await part.value.dispose();
      }
      throw error;
    }
  }

  /** The fields of all lines of the access log from character `from` of the output on. */
  accesses(from = 0): Record<string, unknown>[] {
    return this.relay.stdout.slice(from).split("\n").slice(0, -1)
      .filter((line) => line.includes('"event":"access"')).map((line) => JSON.parse(line));
  }

  async dispose(): Promise<void> {
    await this.relay.dispose();
    await Promise.all(this.parents.map((parent) => parent.dispose()));
    this.origin.dispose();
  }
}

function config(origin: Origin, parents: readonly Parent[], extra: string): string {
  const servers = parents.map(({ url }) =>
    `{ url = "${url}", username = "${PARENT_USER}", password = "${PARENT_PASSWORD}" },`
  );
  return `
[[frontends]]
mode = "relay"
bind = "127.0.0.1:0"
${parents.length === 0 ? "" : 'default_backend = "parents"'}

[frontends.relay]
connect_ports = [${origin.httpPort}, ${origin.httpsPort}]
allow_private = ${parents.length === 0}
${extra}

${
    parents.length === 0 ? "" : `
[backends.parents]
protocol = "proxy"
servers = [
  ${servers.join("\n  ")}
]
[backends.parents.health_check]
url = "${origin.url("http", "/generate_204")}"
interval = "500ms"
fast_interval = "200ms"
timeout = "2s"
`
  }`;
}
