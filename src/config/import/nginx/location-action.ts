import type { DraftTable } from "../draft.ts";
import { fillMissing, fillReturn } from "./answer.ts";
import { fillCache, fillCompress } from "./bodies.ts";
import { fillErrorPages } from "./error-pages.ts";
import { addedFields } from "./headers.ts";
import { whyLost } from "./known.ts";
import type { Location } from "./location.ts";
import { fillMirror } from "./mirror.ts";
import type { Directive } from "./parse.ts";
import { fillProxyPass, type ProxyParts } from "./proxy-pass.ts";
import { readRewrite } from "./rewrite.ts";
import type { Scope } from "./scope.ts";
import { fillBodyLimit, fillLimits } from "./stages.ts";

/** Which requests are a server's. */
export interface ServerPlace {
  /** The condition that a request's host meets. */
  readonly term: string;
  /** The names that routes need; an empty list is any host. */
  readonly hosts: readonly string[];
  /** The bound of bodies that its frontend has. */
  readonly bodyBytes: number | undefined;
  /** Where comments go that belong to no rule. */
  readonly frontend: DraftTable;
}

const CONTENT = ["fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass"];

/** Fills what the locations of one server do with their requests. */
export class LocationActions {
  readonly #scope: Scope;
  readonly #place: Pick<ServerPlace, "bodyBytes" | "frontend">;
  readonly #parts: ProxyParts;
  readonly #locations: readonly Location[];

  /** `scope` is that of the server. */
  constructor(
    scope: Scope,
    { place, parts, locations }: {
      place: Pick<ServerPlace, "bodyBytes" | "frontend">;
      parts: ProxyParts;
      locations: readonly Location[];
    },
  ) {
    this.#scope = scope;
    this.#place = place;
    this.#parts = parts;
    this.#locations = locations;
  }

  /** What a location does with its requests. */
  fill(action: DraftTable, location: Location): void {
    const { scope } = location;
    const { draft } = this.#parts;
    for (const { name, origin } of scope.own) {
      const why = name === "location" || CONTENT.includes(name) ? undefined : whyLost(name);
      if (why !== undefined) draft.lose(origin, why, action);
    }
    if (scope.has("internal")) return void (action["respond"] = { status: 404 }); // nobody may ask for it
    const done = scope.own.find(({ name }) => name === "return");
    if (done !== undefined) return fillReturn(action, done, scope, draft);
    this.#fillContent(action, location);
    if ("backend" in action) {
      const own = scope.own.find((directive) =>
        directive.name === "rewrite" && isOwnRewrite(location, directive)
      );
      const rewrite = own === undefined ? undefined : readRewrite(own);
      if (rewrite?.kind === "path") {
        // The path that proxy_pass names is not put in place where a rewrite has changed the path.
        for (const key of ["strip_prefix", "add_prefix", "replace_path"]) delete action[key];
        Object.assign(action, rewrite.change);
      }
      fillErrorPages(action, scope, { parts: this.#parts, named: this.#named() });
      fillMirror(action, scope, { parts: this.#parts, locations: this.#locations });
      fillBodyLimit(action, scope, this.#place.bodyBytes);
      fillCompress(action, scope, this.#place.frontend["compress"]);
      fillCache(action, scope, draft);
    }
    fillLimits(action, scope, draft);
  }

  #fillContent(action: DraftTable, { scope, kind, path }: Location): void {
    const { draft } = this.#parts;
    const pass = scope.own.find(({ name }) => name === "proxy_pass");
    if (pass !== undefined) {
      if (fillProxyPass(action, pass, { scope, taken: { kind, path }, parts: this.#parts })) return;
      draft.lose(pass.origin, "where it leads depends on variables", action, "respond");
      return fillMissing(action, "where proxy_pass leads");
    }
    const other = scope.own.find(({ name }) => CONTENT.includes(name));
    if (other !== undefined) {
      draft.lose(other.origin, "Sluice speaks HTTP to servers alone", action, "respond");
      return fillMissing(action, other.name);
    }
    this.#fillFiles(action, scope);
  }

  /** nginx would look for a file. Where it asks servers for what it does not find, all goes there. */
  #fillFiles(action: DraftTable, scope: Scope): void {
    const { draft } = this.#parts;
    const tries = scope.find("try_files");
    const last = tries?.args.at(-1) ?? "";
    const root = tries ?? scope.find("alias") ?? scope.find("root");
    const named = this.#named().get(last);
    if (named !== undefined) {
      draft.lose(tries!.origin, `Sluice serves no files: everything goes to ${last}`, action, "backend");
      return this.#fillContent(action, named);
    }
    if (root !== undefined) draft.lose(root.origin, "Sluice serves no files", action, "respond");
    if (/^=\d{3}$/.test(last) && root === undefined) action["respond"] = { status: Number(last.slice(1)) };
    else if (root !== undefined) fillMissing(action, "files");
    else this.fillNothing(action);
  }

  /** Where no location takes a request nginx looks for a file below a folder of its own. */
  fillNothing(action: DraftTable): void {
    const root = this.#scope.find("try_files") ?? this.#scope.find("root");
    if (root !== undefined) {
      this.#parts.draft.lose(root.origin, "Sluice serves no files", action, "respond");
      return fillMissing(action, "files");
    }
    const headers = addedFields(action, this.#scope, this.#parts.draft);
    action["respond"] = { status: 404, ...(headers !== undefined && { headers }) };
  }

  #named(): ReadonlyMap<string, Location> {
    return new Map(
      this.#locations.filter(({ kind }) => kind === "named").map((location) => [location.path, location]),
    );
  }
}

/** Whether it is the only rewrite of a location that goes on to servers: then it is a key of what the location does. */
export function isOwnRewrite({ scope }: Location, directive: Directive): boolean {
  const rewrite = readRewrite(directive);
  return rewrite.kind === "path" && rewrite.stays &&
    scope.own.filter(({ name }) => name === "rewrite").length === 1;
}
