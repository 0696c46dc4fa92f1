import { asTable, isTable, listAt } from "../../text/tables.ts";
import type { DropInFormat } from "../format.ts";
import { Translation } from "../translation.ts";

const KEYS = ["frontends", "backends", "metrics", "healthcheck"];
const FRONTEND_KEYS = ["name", "bind", "default_backend", "rules"];
const BACKEND_KEYS = ["balance", "servers"];
const METRICS_KEYS = ["enabled", "path"];

/**
 * The config of pyhaproxy. Ours is that one, grown, so nothing has to be translated: a file that says nothing but what
 * pyhaproxy knows is a file of ours as well, and what is different is what becomes of its requests. Only the names of its
 * metrics are added. It is YAML, so that one in TOML is ours.
 */
export const PYHAPROXY: DropInFormat = {
  name: "pyhaproxy",
  isMeant: (data, { headers }) => headers !== true && isPyhaproxy(data),
  takesVariables: true,
  read(data) {
    const to = new Translation();
    for (const [key, value] of Object.entries(asTable(data))) to.copy([key], value, [key]);
    if (asTable(asTable(data)["metrics"])["enabled"] === true) {
      to.copy(["metrics"], { ...asTable(asTable(data)["metrics"]), compat: true }, ["metrics"]);
    }
    addDifferences(to, asTable(data));
    return { translation: to };
  },
};

/** Whether a file is of pyhaproxy and of nothing else: every name that it asks for is there, and no key that it does not know. */
function isPyhaproxy(data: Readonly<Record<string, unknown>>): boolean {
  const frontends = listAt(data, "frontends");
  const backends = Object.values(asTable(data["backends"]));
  return hasOnly(data, KEYS) && hasOnly(data["metrics"] ?? {}, METRICS_KEYS) && frontends.length > 0 &&
    backends.length > 0 &&
    frontends.every((frontend) =>
      hasOnly(frontend, FRONTEND_KEYS) && typeof asTable(frontend)["name"] === "string" &&
      typeof asTable(frontend)["bind"] === "string"
    ) &&
    backends.every((backend) =>
      hasOnly(backend, BACKEND_KEYS) && listAt(backend, "servers").length > 0 &&
      listAt(backend, "servers").every((server) => hasOnly(server, ["url"]))
    );
}

function hasOnly(table: unknown, keys: readonly string[]): boolean {
  return isTable(table) && Object.keys(table).every((key) => keys.includes(key));
}

function addDifferences(to: Translation, data: Readonly<Record<string, unknown>>): void {
  const rules = listAt(data, "frontends").flatMap((frontend) => listAt(frontend, "rules"));
  const asks = (word: string) => rules.some((rule) => String(asTable(rule)["if"]).includes(word));
  const isOn = (key: string) => asTable(data[key])["enabled"] === true;
  to.differs("path_prefix ends at a segment: /api takes /api and /api/x, not /apix", asks("path_prefix"));
  to.differs("host does not tell capitals from small letters", asks("host"));
  to.differs(
    "a server that cannot be reached is answered 502, a late one 504, after another was tried; never 500",
  );
  to.differs(
    "X-Forwarded-For is added to, and never taken from the client alone; Via and X-Request-Id are added",
  );
  to.differs("paths go on as they came, without being decoded; bodies stream; every method is forwarded");
  to.differs(
    "leastconn takes equals in turn, not the first of them",
    Object.values(asTable(data["backends"])).some((backend) =>
      /^l/i.test(String(asTable(backend)["balance"] ?? ""))
    ),
  );
  to.differs("a server that refuses connections is out at once", isOn("healthcheck"));
  to.differs(
    "the metrics count failed requests as well; ours stand beside pyhaproxy_requests_total and its latency",
    isOn("metrics"),
  );
}
