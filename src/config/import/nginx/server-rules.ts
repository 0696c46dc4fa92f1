import type { DraftTable } from "../draft.ts";
import { allOf, ALWAYS, anyOf, isOneOf, notOf } from "../terms.ts";
import { fillRedirect, fillReturn } from "./answer.ts";
import { readIf } from "./if-term.ts";
import { whyLost } from "./known.ts";
import { isOwnRewrite, LocationActions, type ServerPlace } from "./location-action.ts";
import { readListens } from "./listen.ts";
import { isPlainPath, type Location, readLocations, termOf } from "./location.ts";
import type { Directive } from "./parse.ts";
import type { ProxyParts } from "./proxy-pass.ts";
import { readRewrite, type Rewrite } from "./rewrite.ts";
import type { Scope } from "./scope.ts";

/** Makes rules and routes of one server, so that each request is decided as nginx decides it. */
export class ServerRules {
  readonly rules: DraftTable[] = [];
  readonly routes: DraftTable[] = [];
  readonly #place: ServerPlace;
  readonly #scope: Scope;
  readonly #parts: ProxyParts;
  readonly #locations: readonly Location[];
  readonly #actions: LocationActions;

  constructor(scope: Scope, place: ServerPlace, parts: ProxyParts) {
    this.#scope = scope;
    this.#place = place;
    this.#parts = parts;
    const { draft } = parts;
    this.#locations = readLocations(scope, ({ origin }, why) => draft.lose(origin, why, place.frontend));
    this.#actions = new LocationActions(scope, { place, parts, locations: this.#locations });
  }

  /** Goes through the server in the order in which nginx does. */
  fill(): void {
    const { draft } = this.#parts;
    for (const directive of this.#scope.own) {
      const { name, origin } = directive;
      if (name === "return") {
        return this.#addRest((action) => fillReturn(action, directive, this.#scope, draft));
      }
      if (name === "rewrite") this.#addRewrite(directive, { terms: [] });
      else if (name === "if") this.#addIf(directive, { scope: this.#scope, terms: [] });
      else {
        const why = whyLost(name);
        if (why !== undefined) draft.lose(origin, why, this.#place.frontend);
      }
    }
    this.#addLocations();
  }

  /** Exact paths, then prefixes that ask no regular expression, then those in their order, then the longest prefix. */
  #addLocations(): void {
    const of = (kind: Location["kind"]) => this.#locations.filter((location) => location.kind === kind);
    const regexes = of("regex");
    const prefixes = of("prefix").sort((a, b) => b.path.length - a.path.length);
    for (const location of of("exact")) this.#addRule(location, []);
    for (const location of prefixes) this.#addSlash(location);
    const first = regexes.length === 0
      ? []
      : prefixes.filter((location) => location.first && location.path !== "/");
    for (const location of first) {
      const deeper = prefixes.filter((other) => !other.first && isBelow(other, location));
      this.#addRule(location, deeper.map((other) => notOf(termOf(other))));
    }
    // A "/" that asks no pattern leaves them what longer prefixes take.
    const asking = prefixes.filter((location) => !location.first);
    const some = prefixes.at(-1)?.path === "/" && prefixes.at(-1)!.first ? [anyOf(asking.map(termOf))] : [];
    if (some.length === 0 || asking.length > 0) {
      for (const location of regexes) this.#addRule(location, some);
    }
    const rest = prefixes.filter((location) => !first.includes(location) && location.path !== "/");
    const needsRules = this.#place.hosts.length > 1 ||
      rest.some((location) => !isPlainPath(location.path) || this.#hasRules(location));
    for (const location of rest) needsRules ? this.#addRule(location, []) : this.#addRoute(location);
    const root = prefixes.find(({ path }) => path === "/");
    if (root !== undefined) this.#addRewritesOf(root, []);
    this.#addRest((action) =>
      root === undefined ? this.#actions.fillNothing(action) : this.#actions.fill(action, root)
    );
  }

  /** nginx leads `/x` to `/x/` where that is the location. */
  #addSlash(location: Location): void {
    const bare = location.path.replace(/\/$/, "");
    if (bare === location.path || bare === "" || !location.scope.has("proxy_pass") || !isPlainPath(bare)) {
      return;
    }
    if (this.#locations.some(({ kind, path }) => (kind === "exact" || kind === "prefix") && path === bare)) {
      return;
    }
    this.#parts.draft.differ(
      "a location that ends in a slash: nginx leads /x to /x/ by itself; a rule does so here, without the query",
    );
    const action: DraftTable = {};
    fillRedirect(action, { to: location.path, status: 301 }, location.scope, this.#parts.draft);
    this.#push([termOf({ kind: "exact", path: bare, ignoreCase: false })], action);
  }

  #addRule(location: Location, terms: readonly string[]): void {
    const all = [termOf(location), ...terms];
    this.#addRewritesOf(location, all);
    const action: DraftTable = {};
    this.#actions.fill(action, location);
    this.#push(all, action);
  }

  #addRoute(location: Location): void {
    const host = this.#place.hosts[0];
    const route: DraftTable = { ...(host !== undefined && { host }), path_prefix: location.path };
    if (!location.path.endsWith("/")) route["prefix_match"] = "raw";
    this.#actions.fill(route, location);
    this.routes.push(route);
  }

  /** What takes all that is left of the server. */
  #addRest(fill: (action: DraftTable) => void): void {
    const { hosts } = this.#place;
    if (hosts.length > 1) {
      const action: DraftTable = {};
      fill(action);
      this.#push([], action);
    } else {
      const route: DraftTable = hosts[0] === undefined ? {} : { host: hosts[0] };
      fill(route);
      this.routes.push(route);
    }
  }

  #push(terms: readonly string[], action: DraftTable): void {
    const term = allOf([this.#place.term, ...terms]);
    this.rules.push(term === ALWAYS ? action : { if: term, ...action });
  }

  /** Rewrites and conditions inside a location, which come before what it does. */
  #addRewritesOf(location: Location, terms: readonly string[]): void {
    for (const directive of location.scope.own) {
      if (directive.name === "if") this.#addIf(directive, { scope: location.scope, terms });
      if (directive.name === "limit_except") this.#addExcept(directive, terms);
      if (directive.name === "rewrite" && !isOwnRewrite(location, directive)) {
        this.#addRewrite(directive, { terms, location });
      }
    }
  }

  #hasRules(location: Location): boolean {
    return location.scope.own.some((directive) =>
      directive.name === "if" || directive.name === "limit_except" ||
      (directive.name === "rewrite" && !isOwnRewrite(location, directive))
    );
  }

  #addIf(
    { args, block = [], origin }: Directive,
    { scope, terms }: { scope: Scope; terms: readonly string[] },
  ): void {
    const { draft } = this.#parts;
    const found = readIf(args, { tls: readListens(this.#scope).some(({ tls }) => tls) });
    const inner = scope.inner(block);
    const act = block.find(({ name }) => name === "return" || name === "rewrite");
    if (!found.known) {
      return draft.lose({ ...origin, text: `${origin.text} … }` }, found.why, this.#place.frontend);
    }
    if (
      act === undefined ||
      block.some(({ name }) => !["return", "rewrite", "break", "add_header"].includes(name))
    ) {
      return draft.lose(
        { ...origin, text: `${origin.text} … }` },
        "only return and rewrite are converted in it",
        this.#place.frontend,
      );
    }
    if (found.term === undefined) {
      return draft.change(
        origin,
        "is never met: clients come without TLS, as long as Sluice does not speak it to them",
      );
    }
    if (act.name === "rewrite") return this.#addRewrite(act, { terms: [...terms, found.term] });
    const action: DraftTable = {};
    fillReturn(action, act, inner, draft);
    this.#push([...terms, found.term], action);
  }

  /** `limit_except`: who may use other methods; with nginx GET allows HEAD as well. */
  #addExcept({ args, block = [], origin }: Directive, terms: readonly string[]): void {
    const methods = args.includes("GET") ? [...new Set([...args, "HEAD"])] : args;
    const action: DraftTable = { respond: { status: 403 } };
    const [only] = block;
    if (block.length !== 1 || only?.name !== "deny" || only.args[0] !== "all") {
      const why = "whom it lets use other methods is not converted, so nobody is";
      this.#parts.draft.lose({ ...origin, text: `${origin.text} … }` }, why, action, "respond");
    }
    this.#push([...terms, notOf(isOneOf("method", methods))], action);
  }

  #addRewrite(
    directive: Directive,
    { terms, location }: { terms: readonly string[]; location?: Location },
  ): void {
    const { draft } = this.#parts;
    const rewrite = readRewrite(directive);
    if (rewrite.kind === "unknown") return draft.lose(directive.origin, rewrite.why, this.#place.frontend);
    const action: DraftTable = {};
    if (rewrite.kind === "redirect") {
      if (rewrite.dropsQuery) draft.change(directive.origin, "the query of the client does not go along");
      fillRedirect(action, rewrite, location?.scope ?? this.#scope, draft);
    } else {
      const target = rewrite.stays && location !== undefined ? location : this.#locationOf(rewrite);
      if (target === undefined) {
        return draft.lose(
          directive.origin,
          "which location the new path leads to depends on the request",
          this.#place.frontend,
        );
      }
      this.#actions.fill(action, target);
      if (["rewrite_path", "strip_prefix", "replace_path", "add_prefix"].some((key) => key in action)) {
        return draft.lose(
          directive.origin,
          "the location that it leads to changes the path as well",
          this.#place.frontend,
        );
      }
      if ("backend" in action) Object.assign(action, rewrite.change);
    }
    this.#push([...terms, rewrite.term], action);
  }

  /** The location of every path that a rewrite makes; undefined where there may be several. */
  #locationOf({ front, whole }: Rewrite & { kind: "path" }): Location | undefined {
    const among = this.#locations.filter(({ kind, path }) =>
      kind === "exact"
        ? path === front
        : kind === "prefix" && (front.startsWith(path) || (!whole && path.startsWith(front)))
    );
    const exact = among.find(({ kind }) => kind === "exact");
    if (exact !== undefined) return whole ? exact : undefined;
    const [longest] = among.sort((a, b) => b.path.length - a.path.length);
    if (longest === undefined || !front.startsWith(longest.path)) return undefined;
    const regexes = longest.first ? [] : this.#locations.filter(({ kind }) => kind === "regex");
    if (!whole && regexes.length > 0) return undefined;
    const fits = regexes.find(({ path, ignoreCase }) => new RegExp(path, ignoreCase ? "i" : "").test(front));
    return fits ?? longest;
  }
}

function isBelow(inner: Location, outer: Location): boolean {
  return inner.path.length > outer.path.length && inner.path.startsWith(outer.path);
}
