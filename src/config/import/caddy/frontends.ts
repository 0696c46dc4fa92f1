import { parseRouteHost } from "../../values/host.ts";
import type { BackendShelf } from "../backend-shelf.ts";
import { comment, type Draft, type DraftTable } from "../draft.ts";
import { Rules } from "../rules.ts";
import { actionsAtEnd, followSteps, type LineStep, tooConditional } from "../step.ts";
import { ALWAYS, isOneOf } from "../terms.ts";
import { type AddressOptions, parseAddress, type SiteAddress } from "./address.ts";
import { pathTerm } from "./matchers.ts";
import type { CaddySite } from "./parse.ts";
import { SiteSteps } from "./site-steps.ts";

/** What global options say of all sites. */
export interface SiteOptions extends AddressOptions {
  readonly bind: readonly string[];
  /** Whether names with TLS are led there from the port without. */
  readonly redirects: boolean;
  /** Keys of every frontend. */
  readonly frontend: DraftTable;
}

/** A site at one port, with the addresses of one path. */
interface Served {
  readonly site: CaddySite;
  readonly hosts: readonly string[];
  /** The only paths that are the site's; empty for all. */
  readonly path: string;
  readonly tls: boolean;
}

/** Addresses of one port, and the sites there. */
interface Port {
  readonly bind: readonly string[];
  readonly port: number;
  readonly served: Served[];
}

const ANY_CASE = { base: "", anyCase: true };

const PLAIN =
  "TLS toward clients comes with a later version of Sluice: until then this address is plain HTTP, for something " +
  "in front that ends TLS";

/** One frontend for all sites of one port; sites are told apart by the host, the narrowest first. */
export function sitesToFrontends(
  sites: readonly CaddySite[],
  options: SiteOptions,
  { draft, backends }: { draft: Draft; backends: BackendShelf },
): DraftTable[] {
  const ports = new Map<string, Port>();
  const secure: string[] = [];
  for (const site of sites) {
    const secured = site.directives.some(({ name }) => name === "tls");
    const together = new Map<string, SiteAddress[]>();
    for (const written of site.addresses) {
      const address = parseAddress(written, options, secured);
      if (address === undefined) draft.lose({ ...site.origin, text: written }, "is no address of a site");
      else {
        const place = `${address.port}${address.path}`;
        together.set(place, [...together.get(place) ?? [], address]);
      }
    }
    const own = site.directives.filter(({ name }) => name === "bind").flatMap(({ args }) => args);
    const names = own.length > 0 ? own : options.bind;
    for (const addresses of together.values()) {
      const { port, path } = addresses[0]!;
      const bind = names.length === 0 ? [`:${port}`] : names.map((name) => toBind(name, port));
      const key = bind.join();
      const found = ports.get(key) ?? { bind, port, served: [] };
      ports.set(key, found);
      const tls = addresses.some((address) => address.tls);
      const hosts = addresses.map(({ host }) => host).filter((host) => host !== "");
      if (tls && port === options.httpsPort) secure.push(...hosts);
      found.served.push({ site, hosts: hosts.length === addresses.length ? hosts : [], path, tls });
    }
  }
  addRedirects(ports, secure, options);
  joinCovered(ports, draft);
  const names = new Set<string>();
  return [...ports.values()].map(({ bind, port, served }) =>
    toFrontend({ bind, port, served, names }, { options, draft, backends })
  );
}

/** An address of a port that is bound at all addresses as well serves the same: they cannot be bound both. */
function joinCovered(ports: Map<string, Port>, draft: Draft): void {
  for (const [key, { port, served }] of ports) {
    const wide = ports.get(`:${port}`);
    if (wide === undefined || key === `:${port}` || key.startsWith("unix:")) continue;
    for (const { site } of served) {
      draft.lose(
        site.origin,
        `its address is one of :${port}, and Sluice does not tell requests apart by that`,
      );
    }
    wide.served.push(...served);
    ports.delete(key);
  }
}

/** Caddy leads who comes without TLS to where there is some, unless a site says what to do there. */
function addRedirects(
  ports: Map<string, Port>,
  secure: readonly string[],
  { automatic, redirects, httpPort, bind }: SiteOptions,
): void {
  if (!automatic || !redirects || secure.length === 0) return;
  const binds = bind.length === 0 ? [`:${httpPort}`] : bind.map((name) => toBind(name, httpPort));
  const found = ports.get(binds.join()) ?? { bind: binds, port: httpPort, served: [] };
  ports.set(binds.join(), found);
  const said = found.served.flatMap(({ hosts }) => hosts);
  const hosts = secure.filter((host) => !said.includes(host));
  if (hosts.length === 0) return;
  const origin = { file: "", line: 0, column: 0, text: "" };
  const directives = [{ name: "redir", args: ["https://{host}{uri}", "308"], origin }];
  found.served.push({ site: { addresses: [], directives, origin }, hosts, path: "", tls: false });
}

function toBind(name: string, port: number): string {
  const unix = /^unix\/(\/.*)$/.exec(name)?.[1];
  if (unix !== undefined) return `unix:${unix}`;
  const plain = name.replace(/^tcp\d?\//, "").replace(/^\[(.*)\]$/, "$1");
  return `${plain.includes(":") ? `[${plain}]` : plain}:${port}`;
}

function toFrontend(
  { bind, port, served, names }: Port & { names: Set<string> },
  { options, draft, backends }: { options: SiteOptions; draft: Draft; backends: BackendShelf },
): DraftTable {
  const wanted = port === 80 ? "http" : port === 443 ? "https" : `port-${port}`;
  const name = names.has(wanted) ? `${wanted}-${names.size}` : wanted;
  names.add(name);
  const frontend: DraftTable = { name, bind: bind.length === 1 ? bind[0] : [...bind], ...options.frontend };
  if (frontend["trusted_proxies"] === undefined) {
    frontend["trusted_proxies"] = [];
    comment(frontend, "trusted_proxies", "Caddy drops what clients say of X-Forwarded-For and its kin");
  }
  const rules = new Rules();
  const mixed = served.some(({ tls }) => tls);
  // A name before a star before all others, and of one name the longer path first.
  for (
    const { site, hosts, path, tls } of [...served].sort((a, b) =>
      narrowness(b) - narrowness(a) || b.path.length - a.path.length
    )
  ) {
    if (tls) draft.lose(site.origin, PLAIN, frontend, "bind");
    const term = hostTerm(site, hosts, { draft, frontend });
    if (term === undefined) continue;
    const steps = new SiteSteps({ draft, backends, frontend, tls: mixed }).read(site.directives);
    followSteps(limited(steps, draft, frontend), {
      terms: path === "" ? [term] : [term, pathTerm(path, ANY_CASE)],
      edits: [],
    }, {
      push: (terms, action) => rules.push(terms, action),
      end: (way) => {
        for (const { terms, action } of actionsAtEnd(way, () => ({ respond: { status: 200 } }))) {
          rules.push(terms, action);
        }
      },
    });
  }
  rules.push([], { respond: { status: 200 } }); // what no site takes gets an empty answer of Caddy
  rules.fill(frontend);
  return frontend;
}

function narrowness({ hosts }: Served): number {
  if (hosts.length === 0) return 0;
  return hosts.some((host) => host.startsWith("*")) ? 1 : 2;
}

function hostTerm(
  site: CaddySite,
  hosts: readonly string[],
  { draft, frontend }: { draft: Draft; frontend: DraftTable },
): string | undefined {
  if (hosts.length === 0) return ALWAYS;
  const known = hosts.filter((host) => {
    try {
      parseRouteHost(host);
      return true;
    } catch {
      draft.lose({ ...site.origin, text: host }, "is no host name that rules know", frontend);
      return false;
    }
  });
  return known.length === 0 ? undefined : isOneOf("host", known);
}

/** Changes for some requests only make rules after them twice, so that there are a few at most. */
function limited(steps: readonly LineStep[], draft: Draft, frontend: DraftTable): readonly LineStep[] {
  const many = tooConditional(steps);
  for (const { origin } of many) draft.lose(origin, "too many changes are for some requests only", frontend);
  return steps.filter((step) => !many.includes(step)).map((step) =>
    step.branches === undefined ? step : {
      ...step,
      branches: step.branches.map(({ term, steps }) => ({ term, steps: limited(steps, draft, frontend) })),
    }
  );
}
