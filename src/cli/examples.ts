/** How each command is used, for its `--help`; comments say what it does. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  run: [
    "sluice run -c sluice.toml",
    "sluice                                  # the config of this directory",
    "sluice -c their-haproxy-lb.yaml         # files of predecessors run as they are",
  ],
  check: ["sluice check -c sluice.toml", "sluice -t"],
  proxy: [
    "sluice proxy --to localhost:5000 --to localhost:5001 --health /health",
    "sluice proxy --listen 127.0.0.1:80 --to 10.0.0.1:8080 --sticky --balance leastconn",
    "sluice proxy --relay --listen :3128     # a forward proxy",
    "sluice proxy --to :5000 --print > sluice.toml",
  ],
  init: ["sluice init", "sluice init --to localhost:5000 --health /health --force my.toml"],
  convert: ["sluice convert nginx.conf > sluice.toml", "sluice convert --to yaml their.yaml"],
  explain: [
    "sluice explain GET http://api.example.com/v1 -c sluice.toml",
    "sluice explain POST http://localhost/ -H 'X-Beta: 1' --from 192.0.2.7",
  ],
  replay: [
    "sluice replay access.log --against new.toml",
    "sluice replay access.log.gz --with old.toml --against new.toml",
  ],
  top: ["sluice top", "sluice top -c sluice.toml"],
  ctl: [
    "sluice ctl status",
    "sluice ctl drain app http://10.0.0.1:80 --ttl 10m",
    "sluice ctl reload --dry-run",
  ],
  demo: ["sluice demo"],
  "hash-password": ["sluice hash-password", "echo secret | sluice hash-password"],
  schema: ["sluice schema > sluice.schema.json"],
  completion: [
    "source <(sluice completion bash)",
    "sluice completion fish > ~/.config/fish/completions/sluice.fish",
  ],
};
