/**
 * A whole nginx configuration around `http`: one worker, no logs, and nothing outside `directory`.
 *
 * Debian compiles absolute temporary paths in, which only root may create; all five are moved.
 */
export function nginxConfig(directory: string, http: string): string {
  const temporaryPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${directory}/${name};`);
  return `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
  ${temporaryPaths.join("\n  ")}
  access_log off;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  # The default of 1000 would measure reconnects, and an idle proxy's pool must outlive the others' turns.
  keepalive_requests 100000000;
  keepalive_timeout 1h;
  ${http}
}
`;
}
