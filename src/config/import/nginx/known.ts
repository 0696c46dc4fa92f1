/** What Sluice does or needs not in its own way, so that nothing is lost: nothing is said of these. */
const NEEDLESS: ReadonlySet<string> = new Set(
  `
  absolute_redirect accept_mutex access_log aio autoindex charset charset_types chunked_transfer_encoding
  client_body_buffer_size client_body_in_file_only client_body_temp_path client_header_buffer_size
  connection_pool_size daemon debug_points default_type directio env error_log etag events gzip_buffers
  gzip_disable gzip_http_version gzip_proxied gzip_static gzip_vary http2 http3 if_modified_since
  ignore_invalid_headers index internal keepalive_disable keepalive_requests keepalive_time
  limit_conn_log_level limit_req_log_level lingering_close lingering_time lingering_timeout load_module
  lock_file log_format log_not_found log_subrequest map_hash_bucket_size map_hash_max_size master_process
  merge_slashes msie_padding multi_accept open_file_cache open_file_cache_errors open_file_cache_min_uses
  open_file_cache_valid output_buffers pcre_jit pid port_in_redirect postpone_output proxy_buffer_size
  proxy_buffers proxy_busy_buffers_size proxy_force_ranges proxy_headers_hash
  proxy_headers_hash_bucket_size proxy_headers_hash_max_size proxy_http_version proxy_max_temp_file_size
  proxy_socket_keepalive proxy_ssl_ciphers proxy_ssl_protocols proxy_ssl_session_reuse
  proxy_temp_file_write_size proxy_temp_path recursive_error_pages request_pool_size
  reset_timedout_connection resolver_timeout rewrite_log satisfy sendfile sendfile_max_chunk
  server_name_in_redirect server_names_hash_bucket_size server_names_hash_max_size server_tag
  server_tokens ssl_buffer_size ssl_prefer_server_ciphers ssl_session_cache ssl_session_tickets
  ssl_session_timeout stub_status tcp_nodelay tcp_nopush thread_pool timer_resolution types
  types_hash_bucket_size types_hash_max_size uninitialized_variable_warn use user
  variables_hash_bucket_size variables_hash_max_size worker_connections worker_cpu_affinity
  worker_priority worker_processes worker_rlimit_nofile worker_shutdown_timeout zone
  ssl_protocols ssl_ciphers ssl_conf_command ssl_dhparam ssl_ecdh_curve ssl_early_data ssl_stapling ssl_stapling_verify
  ssl_session_ticket_key ssl_reject_handshake
`.trim().split(/\s+/),
);

/** What one of the files beside this one takes up where it stands. */
const TAKEN_UP: ReadonlySet<string> = new Set(
  `
  add_header alias allow auth_basic auth_basic_user_file client_body_timeout client_header_timeout
  client_max_body_size deny error_page expires fastcgi_pass grpc_pass gzip gzip_comp_level gzip_min_length
  gzip_types http if keepalive_timeout large_client_header_buffers limit_except limit_conn limit_conn_status
  limit_conn_zone limit_req limit_req_dry_run limit_req_status limit_req_zone listen location
  memcached_pass mirror proxy_buffering proxy_cache proxy_cache_path proxy_cache_valid
  proxy_connect_timeout proxy_cookie_domain proxy_cookie_path proxy_hide_header proxy_intercept_errors
  proxy_method proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries proxy_pass
  proxy_pass_header proxy_read_timeout proxy_redirect proxy_request_buffering proxy_send_timeout
  proxy_set_body proxy_set_header proxy_ssl_name proxy_ssl_server_name proxy_ssl_trusted_certificate
  proxy_ssl_verify real_ip_header real_ip_recursive resolver return rewrite root scgi_pass send_timeout
  server server_name set_real_ip_from try_files underscores_in_headers upstream uwsgi_pass
`.trim().split(/\s+/),
);

/** Why some are not converted, by the beginnings of their names; the first that fits. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^ssl_verify_client$/, "Sluice does not speak TLS to clients yet, so nobody is let in"],
  [/^ssl_/, "TLS toward clients comes with a later version of Sluice"],
  [/^(?:fastcgi|uwsgi|scgi|grpc|memcached)_/, "Sluice speaks HTTP to servers alone"],
  [/^proxy_cache/, "the cache of Sluice goes by what servers say of their answers"],
  [/^proxy_ssl_certificate/, "Sluice shows servers no certificate of its own"],
  [/^(?:sub_filter|image_|xslt_|addition_|ssi)/, "Sluice does not change bodies"],
  [
    /^(?:set|map|geo|split_clients|geoip)/,
    "Sluice has no variables of its own; conditions of rules say it directly",
  ],
  [
    /^auth_(?:request|jwt|digest|pam|ldap)/,
    'whom to ask is not converted, so nobody is let in; see "auth" in docs/stages.md',
  ],
  [/^(?:lua|content_by_lua|access_by_lua|rewrite_by_lua|js_|perl)/, "programs inside nginx stay there"],
  [/^proxy_bind$/, "the system chooses the local address"],
  [/^stream$/, "Sluice is a proxy for HTTP; TCP and UDP are not"],
  [/^mail$/, "Sluice is a proxy for HTTP"],
];

/** Why a directive that nothing takes up is not converted; undefined where nothing is lost. */
export function whyLost(name: string): string | undefined {
  if (NEEDLESS.has(name) || TAKEN_UP.has(name)) return undefined;
  return REASONS.find(([pattern]) => pattern.test(name))?.[1] ?? "Sluice has nothing like it";
}
