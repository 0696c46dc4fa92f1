import type { z } from "zod";
import { flag, text } from "./fields.ts";
import type { Frozen } from "./freeze.ts";
import { section } from "./section.ts";

/** TLS toward the `https://` servers of one backend. */
export const upstreamTlsSchema = section({
  /** Whether a server must show a certificate that is valid for its name. */
  verify: flag.prefault(true),
  /** PEM file of the authorities to trust in place of the system's, as seen from the working directory. */
  ca: text("the path of a PEM file").exactOptional(),
  /** Name that is asked for and checked, in place of the host of the server's URL. */
  server_name: text("a host name").exactOptional(),
});

/** Output type of `upstreamTlsSchema`. */
export type UpstreamTlsConfig = Frozen<z.output<typeof upstreamTlsSchema>>;
