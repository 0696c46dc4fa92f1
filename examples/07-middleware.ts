/**
 * A middleware of one's own, as `middleware` in a config names it: `bun src/main.ts run -c examples/07-middleware.toml`.
 * It has answers say how long they took and by which way they came, and refuses who asks without a key.
 */
import type { SluiceMiddleware } from "../src/mod.ts";

const measure: SluiceMiddleware = async (c, next) => {
  if (c.req.header("X-Key") === undefined) return c.text("Your key, please\n", 401);
  const begun = performance.now();
  await next();
  c.header("Server-Timing", `app;dur=${(performance.now() - begun).toFixed(1)}`);
  c.header("X-Way", `${c.var.route} to ${c.var.backend} for ${c.var.client}`);
};

export default measure;
