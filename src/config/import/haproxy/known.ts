/** Lines, by their first word or two, of which nothing is lost, or that the files beside this one take up. */
const TAKEN_UP: ReadonlySet<string> = new Set(
  `
  acl backlog balance bind capture cookie declare default-server default_backend description disabled enabled errors
  fullconn grace hash-balance-factor hash-type http-check http-request http-response http-after-response http-reuse id log
  log-format log-format-sd log-tag max-keep-alive-queue maxconn mode option rate-limit redirect retries retry-on server
  server-template stick stick-table tcp-check tcp-request timeout unique-id-format unique-id-header use_backend stats
  monitor-uri compression errorfile errorloc errorloc302 errorloc303 errorfiles server-state-file-name guid
  load-server-state-from-file clitcpka-cnt clitcpka-idle clitcpka-intvl srvtcpka-cnt srvtcpka-idle srvtcpka-intvl
`.trim().split(/\s+/),
);

/** Options that change nothing that is not said elsewhere. */
const OPTIONS: ReadonlySet<string> = new Set(
  `
  httplog httpslog tcplog dontlognull dontlog-normal log-health-checks log-separate-errors logasap forwardfor httpchk
  http-server-close httpclose http-keep-alive http-tunnel redispatch abortonclose allbackups checkcache clitcpka srvtcpka
  tcpka contstats http-buffer-request http-no-delay http-pretend-keepalive http-ignore-probes idle-close-on-response
  http-use-proxy-header persist prefer-last-server socket-stats splice-auto splice-request splice-response tcp-smart-accept
  tcp-smart-connect nolinger independent-streams tcp-check mysql-check pgsql-check redis-check smtpchk ldap-check
  ssl-hello-chk external-check http-use-htx forceclose originalto accept-invalid-http-request accept-unsafe-violations-in-http-request
  http-restrict-req-hdr-names h1-case-adjust-bogus-client h1-case-adjust-bogus-server
`.trim().split(/\s+/),
);

const REASONS: Readonly<Record<string, string>> = {
  filter: "Sluice has no filters of HAProxy",
  dispatch: "a proxy has servers, by name",
  "use-server": "rules choose backends, and a backend chooses among its servers",
  source: "the system chooses the local address",
  "http-send-name-header": "servers are not told what the config calls them",
  "ignore-persist": "sticky cookies hold for all requests of a backend",
  "force-persist": "sticky cookies hold for all requests of a backend",
  monitor: "ready_path says 503 while the proxy stops, and health_path what servers are up",
  "email-alert": "Sluice sends no mail: its metrics and its log say it",
};

/** Why a line is not converted that nothing takes up; undefined where nothing is lost. */
export function whyLineLost(words: readonly string[]): string | undefined {
  const [first = "", second = ""] = words[0] === "no" ? words.slice(1) : words;
  if (first === "option") return OPTIONS.has(second) ? undefined : "Sluice has no such option";
  return TAKEN_UP.has(first) ? undefined : REASONS[first] ?? "Sluice has nothing like it";
}
