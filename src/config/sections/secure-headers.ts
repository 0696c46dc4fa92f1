import { z } from "zod";
import type { Frozen } from "../freeze.ts";
import { headerValue } from "../values/headers.ts";
import { flag, trueOr, wants } from "../values/value-types.ts";
import { section } from "./section.ts";

const VALUE_FORM = "the value of the header, true for the usual one, or false for none";

/** One field: its value, the usual one, or none. */
const field = z.union([z.boolean(), headerValue], wants(VALUE_FORM));

/** Fields that tell browsers what not to do with answers; the defaults are those of Hono's middleware of this name. */
export const secureHeadersSchema = trueOr(
  section({
    /** The field Content-Security-Policy. @example "default-src 'self'" */
    content_security_policy: headerValue.exactOptional(),
    /** The field Content-Security-Policy-Report-Only. @example "default-src 'self'" */
    content_security_policy_report_only: headerValue.exactOptional(),
    /** The field Cross-Origin-Embedder-Policy. */
    cross_origin_embedder_policy: field.prefault(false),
    /** The field Cross-Origin-Opener-Policy. */
    cross_origin_opener_policy: field.prefault(true),
    /** The field Cross-Origin-Resource-Policy. */
    cross_origin_resource_policy: field.prefault(true),
    /** The field Origin-Agent-Cluster. */
    origin_agent_cluster: field.prefault(true),
    /** The field Permissions-Policy. @example "camera=()" */
    permissions_policy: headerValue.exactOptional(),
    /** The field Referrer-Policy. */
    referrer_policy: field.prefault(true),
    /** The field Strict-Transport-Security, on https alone. */
    strict_transport_security: field.prefault(true),
    /** The field X-Content-Type-Options. */
    x_content_type_options: field.prefault(true),
    /** The field X-DNS-Prefetch-Control. */
    x_dns_prefetch_control: field.prefault(true),
    /** The field X-Download-Options. */
    x_download_options: field.prefault(true),
    /** The field X-Frame-Options. */
    x_frame_options: field.prefault(true),
    /** The field X-Permitted-Cross-Domain-Policies. */
    x_permitted_cross_domain_policies: field.prefault(true),
    /** The field X-XSS-Protection. */
    x_xss_protection: field.prefault(true),
    /** Whether a field of the server's gives way to one of these. */
    overwrite: flag.prefault(true),
    /** Whether X-Powered-By is taken out, whoever set it. */
    remove_powered_by: flag.prefault(true),
    /** Whether Server is taken out. */
    remove_server: flag.prefault(false),
  }),
  "true, or a table of headers",
);

export type SecureHeadersConfig = Frozen<z.output<typeof secureHeadersSchema>>;
