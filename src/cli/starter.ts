/** What a starter file is about. */
export interface StarterAnswers {
  /** Address to listen on. */
  readonly listen: string;
  readonly servers: readonly string[];
  /** Path of the probes; empty for none. */
  readonly health: string;
}

/** A config to start from, in TOML, with comments on what comes next. */
export function starterConfig({ listen, servers, health }: StarterAnswers): string {
  const check = health === ""
    ? '# health_check = { path = "/health" }       # asks each server every 5s; one that fails gets no requests\n'
    : `health_check = { path = ${
      quoted(health)
    } }       # asks each server every 5s; one that fails gets no requests\n`;
  return `# A config of Sluice.  sluice check says whether it is valid, sluice run serves it; a change of this file is taken
# over while it serves. Every key, with its default and unit, is in config.example.toml.

[[frontends]]
name = "web"
bind = ${quoted(listen)}                # ":8080" is port 8080 of all addresses, v4 and v6; a list is several
default_backend = "app"                # gets what no route takes

# [[frontends.routes]]                 # some requests go elsewhere: the most specific route wins
# host = "api.example.com"
# path_prefix = "/v1"
# backend = "app"
# strip_prefix = "/v1"

[backends.app]
balance = "roundrobin"                 # leastconn, random, first, priority, best, latency, load_aware, hash
servers = [
${servers.map((server) => `  ${quoted(server)},\n`).join("")}]
${check}# sticky = {}                            # a cookie keeps clients with their server

[admin]                                # dashboard, /metrics, /status, /health, for this machine alone
bind = "127.0.0.1:9090"

# [log]
# access = false                       # one line for each request
`;
}

function quoted(text: string): string {
  return JSON.stringify(text.replaceAll("${", () => "$${"));
}
