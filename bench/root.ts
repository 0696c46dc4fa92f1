import { fileURLToPath } from "node:url";

/** Root of the checkout, a path that ends in a slash. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
