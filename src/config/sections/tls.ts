import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { flag, parsed, text } from "../values/value-types.ts";
import type { Frozen } from "../freeze.ts";
import { refuseValue } from "../problems/wording.ts";
import { section } from "./section.ts";

const PEM_FORM = "the path of a PEM file with certificates";

/** TLS toward the `https://` servers of one backend. */
export const upstreamTlsSchema = section({
  /** Whether a server must show a certificate that is valid for its name. */
  verify: flag.prefault(true),
  /**
   * The authorities to trust in place of the system's: the path of a PEM file, as seen from the working directory.
   * @example "/etc/ssl/own-ca.pem"
   */
  ca: parsed(PEM_FORM, readCertificates).exactOptional(),
  /** Name that is asked for and checked, in place of the host of the server's URL. @example "app.internal" */
  server_name: text("a host name").exactOptional(),
});

export type UpstreamTlsConfig = Frozen<z.output<typeof upstreamTlsSchema>>;

function readCertificates(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new RangeError(`cannot be read: ${(error as Error).message}; accepted: ${PEM_FORM}`, {
      cause: error,
    });
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw new RangeError(refuseValue(path, PEM_FORM));
  }
  return text;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
