import { accessSync, constants, realpathSync } from "node:fs";
import { join } from "node:path";

/** Debian keeps servers here, and an ordinary user's PATH leaves it out. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/**
 * Finds the program `name` in `first`, then in PATH, then among the system's servers.
 *
 * Symbolic links are resolved, so that what is spawned is the program and not npm's link to it.
 */
export function executablePath(name: string, first: readonly string[] = []): string | undefined {
  for (const folder of [...first, ...(process.env.PATH ?? "").split(":"), ...SYSTEM_FOLDERS]) {
    try {
      const path = realpathSync(join(folder, name));
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
