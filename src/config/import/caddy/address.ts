import process from "node:process";

/** One address of a site. */
export interface SiteAddress {
  /** In lower case; empty for any. */
  readonly host: string;
  readonly port: number;
  /** The only paths that are the site's; empty for all. */
  readonly path: string;
  /** Whether Caddy speaks TLS there. */
  readonly tls: boolean;
}

/** What global options say of addresses. */
export interface AddressOptions {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Whether Caddy gets certificates by itself. */
  readonly automatic: boolean;
}

/** Parses `[scheme://][host][:port][/path]`; undefined for what is no address. `secured` where the site has certificates of its own. */
export function parseAddress(
  written: string,
  { httpPort, httpsPort, automatic }: AddressOptions,
  secured: boolean,
): SiteAddress | undefined {
  const text = fromEnvironment(written);
  const [, scheme, host = "", digits, path = ""] =
    /^(?:(https?):\/\/)?(\[[^\]]*\]|[^:/[\]]*)(?::(\d+))?(\/.*)?$/i.exec(text) ?? [];
  if (scheme === undefined && host === "" && digits === undefined) return undefined;
  const plain = scheme?.toLowerCase() === "http";
  const port = digits !== undefined
    ? Number(digits)
    : plain
    ? httpPort
    : scheme !== undefined || automatic
    ? httpsPort
    : httpPort;
  const named = host !== "" || scheme !== undefined || port === httpsPort;
  const tls = !plain && port !== httpPort && (secured || scheme !== undefined || (automatic && named));
  return { host: host.toLowerCase(), port, path: path === "/" ? "" : path, tls };
}

/** Addresses are needed now: variables have what they have here, or their default. */
function fromEnvironment(text: string): string {
  return text.replace(
    /\$\{(\w+):-([^}]*)\}/g,
    (_, name: string, fallback: string) => process.env[name] || fallback,
  );
}
