/**
 * A load balancer and nothing else: the config of a config file, as an object.
 *
 *   bun examples/05-load-balancer.ts     SERVERS=http://127.0.0.1:9001,http://127.0.0.1:9002 BIND=127.0.0.1:8080
 *   deno run -A examples/05-load-balancer.ts
 */
import process from "node:process";
import { createProxy } from "sluice";

const { SERVERS = "http://127.0.0.1:9001,http://127.0.0.1:9002", BIND = "127.0.0.1:8080" } = process.env;

const proxy = createProxy({
  log: { access: false },
  frontends: [{ bind: BIND, default_backend: "app" }],
  backends: { app: { servers: SERVERS.split(","), balance: "roundrobin" } },
});
const addresses = await proxy.start();
console.log(`http://${addresses[0]}/`);

process.once("SIGTERM", () => proxy.stop());
