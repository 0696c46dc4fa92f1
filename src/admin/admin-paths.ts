import { suggest } from "../base/suggest.ts";
import { AdminRefusal, type AdminRoute } from "./route.ts";

/** A route that was found, and what stands where it has names in braces. */
export interface FoundRoute {
  readonly route: AdminRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** All routes of one path. */
interface Place {
  readonly path: string;
  readonly parts: readonly string[];
  readonly routes: AdminRoute[];
}

/** Finds the route of a request. */
export class AdminPaths {
  readonly #places: Place[] = [];

  constructor(routes: readonly AdminRoute[]) {
    for (const route of routes) {
      const place = this.#places.find(({ path }) => path === route.path);
      if (place === undefined) {
        this.#places.push({ path: route.path, parts: route.path.split("/"), routes: [route] });
      } else place.routes.push(route);
    }
  }

  /** `path` as it came, without its query. Throws an `AdminRefusal` where there is no such path, or not this method. */
  find(method: string, path: string): FoundRoute {
    const parts = path.split("/").map(decoded);
    const place = this.#places.find((place) => matches(place.parts, parts));
    if (place === undefined) throw this.#nothingAt(path);
    const route = place.routes.find((route) => route.method === (method === "HEAD" ? "GET" : method));
    if (route !== undefined) return { route, params: paramsOf(place.parts, parts) };
    const methods = place.routes.flatMap((route) =>
      route.method === "GET" ? ["GET", "HEAD"] : [route.method]
    );
    throw new AdminRefusal(405, `${method.slice(0, 32)} does nothing at ${place.path}`, {
      accepted: methods,
      headers: { Allow: methods.join(", ") },
    });
  }

  #nothingAt(path: string): AdminRefusal {
    const paths = this.#places.map((place) => place.path);
    const near = suggest(path, paths);
    const hint = near === undefined ? "" : `; did you mean ${near}?`;
    return new AdminRefusal(404, `There is nothing at ${JSON.stringify(path.slice(0, 255))}${hint}`, {
      accepted: paths,
    });
  }
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  return pattern.length === parts.length &&
    pattern.every((part, i) => part.startsWith("{") || part === parts[i]);
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> {
  const names = pattern.flatMap((part, i) => part.startsWith("{") ? [[part.slice(1, -1), parts[i]!]] : []);
  return Object.fromEntries(names);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AdminRefusal(400, "The path holds an escape that is none");
  }
}
