// A reload leaves nothing behind: no memory, no socket, no timer, nothing of the config before (promise 5).
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { validateConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { LoadClient } from "../support/load-client.ts";
import { Program } from "../support/program.ts";
import { RawServer } from "../support/raw-server.ts";
import { startTestProxy } from "../support/test-proxy.ts";
import { get, ok, pathOf } from "./scene.ts";

const MIB = 1024 * 1024;
/** Until both runtimes have compiled what runs often and sized their heaps: they grow by 50 MiB in the first hundred. */
const WARM_UP = 200;
const RELOADS = 200;
/** So many that what one reload builds weighs half a MiB: 200 of them left behind are 100 MiB. */
const ROUTES = 1000;
/** Measured: 7 MiB at most on either runtime; leaks are 100 and more. */
const ALLOWED_GROWTH = 30 * MIB;
const CLIENTS = 4;
/** What a runtime opens for itself as it goes: Deno a pair of sockets that wakes one of its threads. */
const OWN_DESCRIPTORS = 4;
/** Connections that pools may keep: one for each client and backend. */
const IDLE_CONNECTIONS = 3 * CLIENTS;
const INTERVAL_MS = 100;
const OPTIONS = { timeout: 180_000 };
const ON_LINUX = {
  ...OPTIONS,
  skip: process.platform === "linux" ? false : "NOT TESTED: RESOURCES ARE COUNTED ON LINUX ONLY",
};

test(
  "200 reloads under load fail no request, and leave no memory, socket or probe behind",
  ON_LINUX,
  async (t) => {
    const servers = await openServers(t);
    const textOf = (i: number) => JSON.stringify(configOf(i, servers));
    const program = await Program.run(textOf(0), "sluice.json");
    t.after(() => program.dispose());
    let reloads = 0;
    const run = async (count: number) => {
      const goal = reloads + count;
      const settles = reloads + count / 2;
      let least = Infinity;
      const answers = await underLoad(program.port, async () => {
        while (reloads < goal) {
          program.configure(textOf(++reloads));
          program.signal("SIGHUP");
          await eventually(`reload ${reloads}`, () => program.stdout.split('"reloaded"').length > reloads);
          if (reloads > settles) least = Math.min(least, program.residentBytes);
        }
      });
      return { answers, least, sockets: await fewest(() => descriptors(program)) };
    };

    const before = await run(WARM_UP);
    let after = before;
    let grown = Infinity;
    // What a collector that lags leaves comes and goes; a leak grows each time.
    for (let tries = 0; tries < 3 && grown * MIB >= ALLOWED_GROWTH; tries++) {
      const last = after;
      after = await run(RELOADS);
      grown = (after.least - last.least) / MIB;
      t.diagnostic(
        `${RELOADS} reloads, ${after.answers} answers: ${grown.toFixed(1)} MiB more, ` +
          `${before.sockets} descriptors before and ${after.sockets} after`,
      );
    }
    assert.ok(after.answers > RELOADS);
    assert.ok(grown * MIB < ALLOWED_GROWTH);
    assert.ok(after.sockets <= before.sockets + OWN_DESCRIPTORS + IDLE_CONNECTIONS);

    // Ten intervals take their time unless a second loop probes as well, and nobody probes what is gone.
    const { probes } = servers.passing;
    for (const server of [servers.changing, servers.steady]) {
      const ms = await timeOfProbes(server, 10);
      t.diagnostic(`10 probes in ${ms.toFixed(0)} ms`);
      assert.ok(ms > 8 * INTERVAL_MS);
    }
    assert.equal(servers.passing.probes, probes);
    assert.doesNotMatch(program.stdout, /reload_refused|server_down|server_ejected/);
  },
);

test("RunningProxy.reload() leaves no timer running", OPTIONS, async (t) => {
  const timers = countTimers(t);
  const { reload, port } = await openInside(t);
  const run = async (count: number) => {
    await underLoad(port, () => reload(count));
    return await fewest(() => timers.size);
  };
  const before = await run(20);
  const after = await run(RELOADS);
  t.diagnostic(`${before} timers before and ${after} after`);
  assert.ok(after <= before + IDLE_CONNECTIONS);
});

test("RunningProxy.reload() lets go of the backends that it replaces", OPTIONS, async (t) => {
  const { reload } = await openInside(t);
  const replaced: WeakRef<object>[] = [];
  await reload(RELOADS, (backend) => replaced.push(new WeakRef(backend)));
  assert.equal(replaced.length, RELOADS);
  await eventually("the collection of replaced backends", () => {
    fillMemory();
    return replaced.filter((ref) => ref.deref() !== undefined).length <= RELOADS / 10;
  }, 40_000);
});

/** Makes the collector look at everything: neither runtime lets a program ask for that without a flag or its own API. */
function fillMemory(): void {
  const kept: unknown[] = [];
  while (kept.length < 4000) kept.push(new Array(1000).fill(kept.length));
}

/** A server and how often it was probed. */
interface Probed {
  readonly url: string;
  probes: number;
}

interface Servers {
  /** Of a backend that every reload changes. */
  readonly changing: Probed;
  /** Of a backend that stays as it is. */
  readonly steady: Probed;
  /** Of a backend that is there in every other config. */
  readonly passing: Probed;
}

async function openServers(t: TestContext): Promise<Servers> {
  const open = async () => {
    const server = await RawServer.answering((head) => {
      if (pathOf(head) === "/health") probed.probes++;
      return ok("fine");
    });
    t.after(() => server.close());
    const probed = { url: `http://127.0.0.1:${server.port}`, probes: 0 };
    return probed;
  };
  return { changing: await open(), steady: await open(), passing: await open() };
}

/** The config number `i`, which differs from the one before in a backend, routes, a weight and a timeout. */
function configOf(i: number, { changing, steady, passing }: Servers) {
  const health_check = { interval: `${INTERVAL_MS}ms` };
  const isThere = i % 2 === 1;
  return {
    reload_interval: "0s",
    log: { access: false },
    shutdown: { drain_timeout: "500ms", grace: "20ms" },
    frontends: [{
      name: "web",
      bind: "127.0.0.1:0",
      default_backend: "changing",
      routes: [
        { path_prefix: "/steady", backend: "steady" },
        ...(isThere ? [{ path_prefix: "/passing", backend: "passing" }] : []),
        ...Array.from({ length: ROUTES }, (_, n) => ({ path_prefix: `/${i}/${n}`, backend: "changing" })),
      ],
    }],
    backends: {
      steady: { servers: [steady.url], health_check },
      changing: {
        servers: [{ url: changing.url, weight: 1 + i % 3 }],
        timeouts: { response: `${10 + i % 7}s` },
        health_check,
      },
      ...(isThere && { passing: { servers: [passing.url], health_check } }),
    },
  };
}

/** A proxy in this process, and what reloads it `count` times and shows each backend that was replaced. */
async function openInside(t: TestContext) {
  const servers = await openServers(t);
  const proxy = await startTestProxy({ servers: [servers.changing.url] });
  t.after(() => proxy.stop());
  let reloads = 0;
  return {
    port: proxy.port,
    async reload(count: number, onReplaced: (backend: object) => void = () => {}): Promise<void> {
      for (const goal = reloads + count; reloads < goal;) {
        const { backends } = proxy.running.snapshot;
        onReplaced(backends.get("changing") ?? backends.get("app")!);
        await proxy.running.reload(validateConfig(configOf(++reloads, servers)));
      }
    },
  };
}

/** Does `work` while clients ask without a pause. Resolves with the number of answers; rejects where one is not a 200. */
async function underLoad(port: number, work: () => Promise<void>): Promise<number> {
  let loading = true;
  let answers = 0;
  const clients = Array.from({ length: CLIENTS }, async () => {
    const client = new LoadClient(port);
    while (loading) {
      const path = ["/", "/steady", "/passing"][answers++ % 3];
      assert.equal((await client.ask(get(path))).status, 200);
    }
    client.close();
  });
  const failed = Promise.all(clients).then(() => {});
  await Promise.race([work(), failed]);
  loading = false;
  await failed;
  return answers;
}

/** The lowest count of a second: probes under way come and go. */
async function fewest(count: () => number): Promise<number> {
  const end = performance.now() + 1000;
  let least = Infinity;
  await eventually("a second", () => {
    least = Math.min(least, count());
    return performance.now() > end;
  });
  return least;
}

/** How long it takes until `server` was probed `count` times more, from one probe on, in ms. */
async function timeOfProbes(server: Probed, count: number): Promise<number> {
  const first = server.probes + 1;
  await eventually("a probe", () => server.probes >= first);
  const began = performance.now();
  await eventually(`${count} probes`, () => server.probes >= first + count);
  return performance.now() - began;
}

function descriptors(program: Program): number {
  return readdirSync(`/proc/${program.child.pid}/fd`).length;
}

/** The timers that this process has set and that are neither over nor cleared; none of those set before. */
function countTimers(t: TestContext): ReadonlySet<unknown> {
  const live = new Set<unknown>();
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  t.after(() => void Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval }));
  const clearing = (clear: (timer: never) => void) => (timer: never) => {
    live.delete(timer);
    clear(timer);
  };
  Object.assign(globalThis, {
    setTimeout(callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) {
      const timer = setTimeout(() => {
        live.delete(timer);
        callback(...args);
      }, ms);
      live.add(timer);
      return timer;
    },
    setInterval(callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) {
      const timer = setInterval(callback, ms, ...args);
      live.add(timer);
      return timer;
    },
    clearTimeout: clearing(clearTimeout as (timer: never) => void),
    clearInterval: clearing(clearInterval as (timer: never) => void),
  });
  return live;
}
