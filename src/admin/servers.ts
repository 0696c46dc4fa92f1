import { z } from "zod";
import type { Backend } from "../backend/backend.ts";
import type { Server } from "../backend/server.ts";
import { hasPassed, type Probed } from "../health/probe-result.ts";
import { formatDuration } from "../base/units.ts";
import { suggest } from "../base/suggest.ts";
import { valueAnswer } from "./answers.ts";
import { AdminRefusal, type AdminRoute, type Change, readRoute, writeRoute } from "./route.ts";
import { probeStatusOf, statusOfServer } from "./server-status.ts";
import { ttl } from "./values.ts";

/** Names that a refusal lists. */
const MAX_LISTED = 50;

const SERVER = "/api/backends/{backend}/servers/{server}";
const UNKNOWN = { 404: "There is no such backend or server." };

const STATES = ["ready", "drain", "maint"] as const;

const wishSchema = z.strictObject({
  state: z.enum(STATES, { error: 'one of "ready", "drain" and "maint"' }).optional()
    .describe("drain: no new requests, tunnels end after tunnel_drain; maint: no probes either."),
  weight: z.int({ error: "a whole number from 0 to 1000" }).min(0, { error: "a whole number from 0 to 1000" })
    .max(1000, { error: "a whole number from 0 to 1000" }).optional()
    .describe("In place of the config's; 0 gets no new clients."),
  ttl: ttl.optional(),
}, { error: "state, weight and ttl" })
  .refine(({ state, weight }) => state !== undefined || weight !== undefined, {
    path: ["state"],
    error: "state, weight or both",
  });

const probeSchema = z.object({
  code: z.string().describe("In HAProxy's words, such as L7OK."),
  status: z.int().nullable().describe("Status of the answer, where there was one."),
  detail: z.string().nullable(),
  ms: z.number(),
  at: z.iso.datetime(),
});
const serverSchema = z.looseObject({
  url: z.string(),
  state: z.enum(STATES),
  condition: z.string(),
  weight: z.int(),
  in_flight: z.int(),
  last_probe: probeSchema.nullable(),
});
const backendSchema = z.object({
  name: z.string(),
  balance: z.string(),
  critical: z.boolean(),
  in_flight: z.int(),
  available: z.int(),
  servers: z.array(serverSchema),
});
const probedSchema = z.object({ passed: z.boolean(), probe: probeSchema, server: serverSchema });

/** The servers of every backend, and what an operator wants of them. */
export function serverRoutes(backends: () => ReadonlyMap<string, Backend>): readonly AdminRoute[] {
  return [
    readRoute({
      path: "/api/backends",
      summary: "All backends with their servers.",
      answers: z.array(backendSchema),
      read: () => valueAnswer([...backends().values()].map(describe)),
    }),
    readRoute({
      path: "/api/backends/{backend}",
      summary: "One backend with its servers: their state, their last probe, and why they get no requests.",
      answers: backendSchema,
      statuses: UNKNOWN,
      read: ({ params }) => valueAnswer(describe(backendCalled(params["backend"]!, backends()))),
    }),
    readRoute({
      path: SERVER,
      summary:
        "One server. Its name is its URL, percent-encoded; host and port will do where they are of one.",
      answers: serverSchema,
      statuses: UNKNOWN,
      read: ({ params }) => valueAnswer(describeServer(find(params, backends()))),
    }),
    writeRoute({
      method: "PUT",
      path: SERVER,
      summary: "Says what the operator wants of a server; what is left out stays. It holds through reloads.",
      body: wishSchema,
      answers: serverSchema,
      statuses: UNKNOWN,
      write({ params, body: { state, weight, ttl: ttlMs } }) {
        const found = find(params, backends());
        return change(
          "server",
          found,
          ttlMs,
          () => found.backend.operate(found.server, { state, weight, ttlMs }),
        );
      },
    }),
    writeRoute({
      method: "DELETE",
      path: SERVER,
      summary: "Takes back what the operator said of a server: the config's values count.",
      answers: serverSchema,
      statuses: UNKNOWN,
      write({ params }) {
        const found = find(params, backends());
        return change("server", found, undefined, () => found.backend.release(found.server));
      },
    }),
    writeRoute({
      method: "POST",
      path: `${SERVER}/probe`,
      summary: "Probes a server now. The result counts like that of any other probe.",
      answers: probedSchema,
      statuses: {
        ...UNKNOWN,
        409: "Its backend has no health_check.",
        503: "There was no file for a connection.",
      },
      async write({ params }) {
        const found = find(params, backends());
        const probed = await probe(found);
        const passed = hasPassed(probed);
        return {
          value: { passed, probe: probeStatusOf(probed), server: describeServer(found) },
          log: { what: "probe", ...placeOf(found), to: probed.code },
        };
      },
    }),
  ];
}

interface Found {
  readonly backend: Backend;
  readonly server: Server;
}

function change(what: string, found: Found, ttlMs: number | undefined, make: () => void): Change {
  const from = wordsOf(found.server);
  make();
  const ttl = ttlMs === undefined ? undefined : formatDuration(ttlMs);
  return {
    value: describeServer(found),
    log: { what, ...placeOf(found), from, to: wordsOf(found.server), ttl },
  };
}

async function probe({ backend, server }: Found): Promise<Probed> {
  if (backend.config.healthCheck === undefined) {
    throw new AdminRefusal(409, `Backend "${backend.name}" has no health_check`, {
      accepted: ["a backend with health_check"],
    });
  }
  const probed = await backend.probe(server);
  if (probed !== undefined) return probed;
  throw new AdminRefusal(503, `Server "${server.name}" could not be probed: no file was left, or it is gone`);
}

function placeOf({ backend, server }: Found) {
  return { backend: backend.name, server: server.name };
}

function wordsOf({ operator, givenWeight }: Server): string {
  return `${operator}, weight ${givenWeight}`;
}

function describe(backend: Backend) {
  const { name, config: { balance }, inFlight, available, servers } = backend;
  const among = new Set(available);
  return {
    name,
    balance,
    inFlight,
    available: among.size,
    servers: servers.map((server) =>
      statusOfServer(server, { backend: name, available: among.has(server), history: undefined })
    ),
  };
}

function describeServer({ backend, server }: Found) {
  const available = backend.available.includes(server);
  return statusOfServer(server, { backend: backend.name, available, history: undefined });
}

function backendCalled(name: string, backends: ReadonlyMap<string, Backend>): Backend {
  const backend = backends.get(name);
  if (backend !== undefined) return backend;
  throw unknown("backend", name, [...backends.keys()]);
}

function find(params: Readonly<Record<string, string>>, backends: ReadonlyMap<string, Backend>): Found {
  const backend = backendCalled(params["backend"]!, backends);
  const name = params["server"]!;
  const { servers } = backend;
  const byAuthority = servers.filter(({ name: url }) => url.replace(/^https?:\/\//, "") === name);
  const server = servers.find((one) => one.name === name) ??
    (byAuthority.length === 1 ? byAuthority[0] : undefined);
  if (server !== undefined) return { backend, server };
  throw unknown("server", name, servers.map((one) => one.name));
}

function unknown(what: string, name: string, names: readonly string[]): AdminRefusal {
  const near = suggest(name, names);
  const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
  const shown = JSON.stringify(name.slice(0, 255));
  return new AdminRefusal(404, `There is no ${what} ${shown}${hint}`, {
    accepted: names.slice(0, MAX_LISTED),
  });
}
