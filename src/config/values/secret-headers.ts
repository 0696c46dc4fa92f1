/** Headers whose values let anybody who reads them pass for the client, in lower case. */
export const SECRET_HEADERS: ReadonlySet<string> = new Set([
  "api-key",
  "authentication-info",
  "authorization",
  "cookie",
  "proxy-authentication-info",
  "proxy-authorization",
  "set-cookie",
  "x-access-token",
  "x-amz-security-token",
  "x-api-key",
  "x-auth-token",
  "x-csrf-token",
  "x-xsrf-token",
]);
