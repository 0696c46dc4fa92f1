import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadConfigFile, parseConfig, validateConfig } from "../../../src/config/load.ts";
import { relaySchema } from "../../../src/config/sections/relay.ts";
import { refusal } from "./support.ts";

const EXAMPLE = fileURLToPath(new URL("../../../config.example.toml", import.meta.url));

const DATA = {
  frontends: [{ bind: ":80", default_backend: "app" }],
  backends: { app: { servers: ["http://a"] } },
};

test("loadConfigFile() loads the example, whose values are the demo's and otherwise the defaults", () => {
  const config = loadConfigFile(EXAMPLE);
  assert.deepEqual(config.frontends[0]!.bind, [{
    kind: "tcp",
    host: "127.0.0.1",
    port: 8080,
    text: "127.0.0.1:8080",
  }]);
  assert.deepEqual(config.backends.app!.servers.map(({ port }) => port), [9001, 9002, 9003]);
  assert.deepEqual(config.frontends[0]!.routes, [{
    host: "static.localhost",
    pathPrefix: "/",
    prefixMatch: "segment",
    backend: "static",
    forwardQuery: true,
  }]);
  const { log, shutdown, limits, defaults, frontends } = validateConfig(DATA);
  assert.deepEqual([config.log, config.shutdown, config.limits], [log, shutdown, limits]);
  assert.deepEqual([config.defaults, config.frontends[0]!.timeouts], [defaults, frontends[0]!.timeouts]);
});

test("parseConfig() takes the relay that the example shows, whose values are the defaults", () => {
  const text = readFileSync(EXAMPLE, "utf8");
  const relay = text.slice(text.indexOf('# [[frontends]]\n# name = "out"')).replace(/^# ?/gm, "")
    .replace("scrypt$16384$8$5$…", `scrypt$16384$8$5$${"A".repeat(22)}$${"A".repeat(43)}`)
    .replace(/^pac_address = .*$/m, "");
  const { frontends: [out], backends: { parents } } = parseConfig(relay, { file: "c", format: "toml" });
  assert.deepEqual({ ...out!.relay, users: {} }, relaySchema.parse({}));
  const { healthCheck } = backendOf({ protocol: "proxy", health_check: {} });
  assert.deepEqual([parents!.healthCheck, parents!.retries.attempts], [healthCheck, 3]);
});

/** A frontend and a backend as a file has them. */
const REST = `
[[frontends]]
bind = ":80"
default_backend = "app"
[backends.app]
servers = ["http://a"]
`;

function backendOf(backend: Record<string, unknown>) {
  const servers = ["http://a"];
  return validateConfig({ ...DATA, backends: { ...DATA.backends, other: { servers, ...backend } } })
    .backends["other"]!;
}

test("validateConfig() fills in every default of tracing, which there is none of unless a section asks for it", () => {
  assert.equal("tracing" in validateConfig(DATA), false);
  assert.deepEqual(validateConfig({ ...DATA, tracing: {} }).tracing, {
    endpoint: "http://127.0.0.1:4318/v1/traces",
    headers: {},
    timeout: 10_000,
    serviceName: "sluice",
    attributes: {},
    sampleRatio: 1,
    trust: "all",
    showQuery: false,
    batchSize: 512,
    batchDelay: 1000,
    queueSize: 4096,
  });
});

test("parseConfig() takes the tracing that the example shows, whose values are the defaults", () => {
  const text = readFileSync(EXAMPLE, "utf8");
  const from = text.indexOf("# [tracing]");
  const section = text.slice(from, text.indexOf("\n\n", from)).replace(/^# /gm, "");
  const { tracing } = parseConfig(`${section}\n${REST}`, { file: "c", format: "toml" });
  assert.deepEqual(tracing, validateConfig({ ...DATA, tracing: {} }).tracing);
});

test("validateConfig() refuses a queue of spans that no full export fits in", () => {
  const message = refusal(() => validateConfig({ ...DATA, tracing: { batch_size: 600, queue_size: 512 } }))
    .join("\n");
  assert.match(message, /tracing\.queue_size: is smaller than batch_size/);
});

test("validateConfig() refuses an endpoint that holds a password, and does not repeat it", () => {
  const message = refusal(() => validateConfig({ ...DATA, tracing: { endpoint: "http://me:secret@c" } }))
    .join("\n");
  assert.match(message, /tracing\.endpoint: has user information/);
  assert.doesNotMatch(message, /secret/);
});

const ENDPOINTS: [written: string, endpoint: string][] = [
  ["http://c:4318", "http://c:4318/v1/traces"],
  ["https://c/", "https://c/v1/traces"],
  ["https://c/otlp/v1/traces", "https://c/otlp/v1/traces"],
  ["https://c/?key=a", "https://c/?key=a"],
];
for (const [written, endpoint] of ENDPOINTS) {
  test(`validateConfig() sends spans to ${endpoint} where the endpoint is ${written}`, () => {
    assert.equal(validateConfig({ ...DATA, tracing: { endpoint: written } }).tracing!.endpoint, endpoint);
  });
}

test("validateConfig() fills in every default", () => {
  const { backends, ...rest } = validateConfig(DATA);
  const timeouts = {
    connect: 3000,
    response: 30_000,
    continue: 0,
    idle: 60_000,
    keepAlive: 4000,
    tunnelIdle: 3_600_000,
    tunnelDrain: 10_000,
    queue: 3000,
  };
  const retries = {
    attempts: 2,
    budget: 0.2,
    deadline: 90_000,
    statuses: [],
    idempotencyKey: false,
    hedge: false,
    staleConnection: false,
  };
  const hash = { on: { subject: "client", argument: "" }, loadFactor: 0 };
  const ejection = {
    enabled: true,
    failures: 5,
    failureShare: 0.3,
    minRequests: 20,
    window: 10_000,
    time: 10_000,
    maxTime: 300_000,
    probesReadmit: false,
  };
  assert.deepEqual(rest, {
    log: {
      level: "info",
      access: true,
      details: false,
      mask: [],
      format: "auto",
      valueSize: 2048,
      requestHeaders: [],
      responseHeaders: [],
      showSecrets: false,
    },
    metrics: { enabled: false, path: "/metrics", compat: false },
    shutdown: { delay: 0, drainTimeout: 10_000, grace: 1000 },
    resolver: { servers: [], timeout: 2000 },
    limits: { headerSize: 32_768, headerCount: 100, targetSize: 16_384, maxConnectionsPerClient: 0 },
    cache: { size: 67_108_864, objectSize: 1_048_576, objects: 10_000 },
    reloadInterval: 2000,
    tests: [],
    frontends: [{
      name: "frontend1",
      normalize: "match",
      bind: [{ kind: "tcp", host: "", port: 80, text: ":80" }],
      mode: "reverse",
      rules: [],
      defaultBackend: "app",
      via: "sluice",
      clientHeader: "x-forwarded-for",
      forwardedHeader: false,
      headerAliases: "drop",
      errorPages: {},
      halfClose: "answer",
      maxConnections: 0,
      timeouts: {
        requestHeaders: 10_000,
        bodyIdle: 60_000,
        bodyRate: 100,
        keepAlive: 75_000,
        linger: 2000,
        lingerLimit: 30_000,
        writeIdle: 60_000,
      },
      routes: [],
    }],
    defaults: {
      balance: "roundrobin",
      hostHeader: "preserve",
      maxRequests: 0,
      hash,
      timeouts,
      pool: { maxIdle: 64 },
      retries,
      ejection,
    },
  });
  assert.deepEqual(backends.app, {
    name: "app",
    balance: "roundrobin",
    hostHeader: "preserve",
    maxRequests: 0,
    hash,
    timeouts,
    pool: { maxIdle: 64 },
    retries,
    ejection,
    healthCheck: undefined,
    slowStart: 0,
    protocol: "http",
    panicThreshold: 0,
    critical: false,
    tls: { verify: true },
    servers: [{
      url: "http://a",
      tls: false,
      host: "a",
      name: "a",
      port: 80,
      authority: "a",
      basePath: "",
      weight: 1,
      priority: 100,
      maxConnections: 0,
      maxRequests: 0,
      resolve: "one",
      socketPath: undefined,
      healthCheck: {},
    }],
  });
});

test("validateConfig() lets a backend override the defaults key by key", () => {
  const { backends, defaults } = validateConfig({
    ...DATA,
    defaults: { timeouts: { connect: "1s", response: "5s" }, pool: { max_idle: 8 } },
    backends: {
      app: { servers: ["http://a"], timeouts: { response: "0s", tunnel_idle: "2h" } },
      other: { servers: ["http://a"], pool: { max_idle: 0 } },
    },
  });
  assert.deepEqual(backends.app!.timeouts, {
    ...defaults.timeouts,
    connect: 1000,
    response: 0,
    tunnelIdle: 7_200_000,
    tunnelDrain: 10_000,
  });
  assert.equal(backends.app!.pool.maxIdle, 8);
  assert.deepEqual(backends.other!.timeouts, defaults.timeouts);
  assert.equal(backends.other!.pool.maxIdle, 0);
});

test("validateConfig() names frontends by their position", () => {
  const frontends = [":1", ":2", ":3"].map((bind) => ({ bind, default_backend: "app" }));
  const config = validateConfig({
    ...DATA,
    frontends: frontends.with(1, { ...frontends[1]!, name: "web" } as never),
  });
  assert.deepEqual(config.frontends.map(({ name }) => name), ["frontend1", "web", "frontend3"]);
});

for (const balance of ["roundrobin", "round_robin", "rr"]) {
  test(`validateConfig() takes the policy "${balance}" for round robin`, () => {
    const config = validateConfig({ ...DATA, backends: { app: { balance, servers: ["http://a"] } } });
    assert.equal(config.backends.app!.balance, "roundrobin");
  });
}

for (
  const [written, balance] of [
    ["latency", "latency"],
    ["fastest", "latency"],
    ["load_aware", "load_aware"],
    ["Hash", "hash"],
  ]
) {
  test(`validateConfig() takes the policy "${written}" for ${balance}`, () => {
    const app = { balance: written, servers: ["http://a"], health_check: {} };
    assert.equal(validateConfig({ ...DATA, backends: { app } }).backends.app!.balance, balance);
  });
}

test("validateConfig() has no backends but the written ones", () => {
  assert.equal(validateConfig(DATA).backends.constructor, undefined);
});

test("validateConfig() takes a key that is undefined as left out", () => {
  assert.equal(validateConfig({ ...DATA, log: { level: undefined }, limits: undefined }).log.level, "info");
});

test("validateConfig() freezes the config at every depth, and not the data", () => {
  const data = structuredClone(DATA);
  const config = validateConfig(data);
  const parts = [
    config,
    config.frontends,
    config.frontends[0]!.bind[0],
    config.backends,
    config.backends.app!.servers[0],
  ];
  assert.ok(parts.every(Object.isFrozen));
  assert.ok(!Object.isFrozen(data) && !Object.isFrozen(data.frontends[0]));
});

const SAME = {
  toml: '[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n[backends.app]\nservers = ["http://a"]\n',
  yaml: 'frontends:\n  - bind: ":80"\n    default_backend: app\nbackends:\n  app:\n    servers: [http://a]\n',
  json: JSON.stringify(DATA, null, "\t"),
};
for (const [format, text] of Object.entries(SAME) as [keyof typeof SAME, string][]) {
  test(`parseConfig() reads the same config from ${format}`, () => {
    assert.deepEqual(parseConfig(text, { file: "c", format }), validateConfig(DATA));
  });
}

test("parseConfig() lets a YAML alias repeat a value", () => {
  const text = 'defaults: {timeouts: &t {connect: 1s}}\nfrontends: [{bind: ":80", default_backend: a}]\n' +
    "backends: {a: {timeouts: *t, servers: [http://a]}}";
  assert.equal(parseConfig(text, { file: "c", format: "yaml" }).backends.a!.timeouts.connect, 1000);
});

test("loadConfigFile() tells the format by the extension, and refuses what it cannot read", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-config-"));
  try {
    const path = (name: string) => join(folder, name);
    for (
      const [name, text] of [["a.toml", SAME.toml], ["a.yaml", SAME.yaml], ["a.YML", SAME.yaml], [
        "a.json",
        SAME.json,
      ]]
    ) {
      writeFileSync(path(name!), `\uFEFF${text}`);
      assert.deepEqual(loadConfigFile(path(name!)), validateConfig(DATA));
    }
    const refuse = (name: string) => refusal(() => loadConfigFile(path(name)));
    assert.deepEqual(refuse("none.toml"), [`${path("none.toml")}: there is no such file`]);
    assert.deepEqual(refuse("a.ini"), [
      `${path("a.ini")}: has the extension ".ini"; accepted: .toml, .yaml, .yml, .json`,
    ]);
    assert.deepEqual(refuse("sluice"), [
      `${path("sluice")}: has the extension ""; accepted: .toml, .yaml, .yml, .json`,
    ]);
    writeFileSync(path("latin.toml"), new Uint8Array([0x23, 0xe9]));
    assert.deepEqual(refuse("latin.toml"), [`${path("latin.toml")}: is not UTF-8 text`]);
    writeFileSync(path("bad.json"), "{");
    assert.deepEqual(refuse("bad.json"), [
      `${path("bad.json")}:1:2: Expected a key in double quotes, found the end of the file`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("with the defaults a request that came to its response timeout may still go to another server", () => {
  const { retries, timeouts } = validateConfig(DATA).defaults;
  assert.ok(retries.deadline > timeouts.response + timeouts.connect);
});
