import assert from "node:assert/strict";
import { test } from "node:test";
import type { DraftTable } from "../../../../../src/config/import/draft.ts";
import { converted, lostIn, onlyFrontend, refusal } from "../../../../support/converted.ts";

const SYNTAX: [text: string, wrong: string][] = [
  ["events {}\nhttp {", '2:6: "{" that is never closed'],
  ["http { server { listen 80 } }", '1:27: unexpected "}"; accepted: ";" or "{"'],
  ["}", '1:1: unexpected "}", which closes nothing'],
  ["http {\n  ;", '2:3: unexpected ";"'],
  ["pid /run/x", '1:1: the file ends without ";"'],
  ['pid "/run/x', "1:5: a quote that is never closed"],
  ['pid "/run"x;', '1:11: unexpected "x" behind a quote'],
  ["include a b;", "1:1: include takes one path"],
  ["include /dev/zero;", "1:1: /dev/zero is no file"],
  [`${"a{".repeat(60)}`, "1:102: blocks in more than 50 levels"],
];
for (const [text, wrong] of SYNTAX) {
  test(`convertNginx() says where ${JSON.stringify(text.slice(0, 30))} is wrong`, (t) => {
    assert.equal(refusal(t, "nginx", text), wrong);
  });
}

test("convertNginx() reads quotes, escapes and braces of variables", (t) => {
  const text = `server { location = /a { return 200 'a "b" \\'c\\' \\n \\d'; } # "
    location = /b { return 302 http://\${host}/x; } location "/c d" { return 200 "$"; } }`;
  const { rules } = onlyFrontend(converted(t, { format: "nginx", text }));
  assert.deepEqual((rules as DraftTable[]).map(({ respond, redirect }) => respond ?? redirect), [
    { status: 200, body: "a \"b\" 'c' \n \\d", content_type: "text/plain" },
    "http://{host}/x",
    { status: 200, body: "$", content_type: "text/plain" },
  ]);
});

test("convertNginx() reads includes with stars in their order, and says which file is not there", (t) => {
  const files = { "b.inc": "location /b { return 204; }", "a.inc": "location /a { include c.cnf; }" };
  const text = "server { include *.inc; include nobody*.inc; location / { return 404; } }";
  const draft = converted(t, { format: "nginx", text, files });
  assert.deepEqual(lostIn(draft), ["include c.cnf;: the file is not there"]);
  assert.deepEqual((onlyFrontend(draft)["routes"] as DraftTable[]).map((route) => route["path_prefix"]), [
    "/a",
    "/b",
    undefined,
  ]);
});

test("convertNginx() refuses files that include each other", (t) => {
  assert.match(refusal(t, "nginx", "include main;"), /^1:1: includes files in more than 16 levels$/);
});

const PASSES: [location: string, pass: string, change: DraftTable][] = [
  ["/", "http://a", {}],
  ["/", "http://a/", {}],
  ["/", "http://a/b/", { add_prefix: "/b" }],
  ["/", "http://a/b", { rewrite_path: { pattern: "^/", replacement: "/b" } }],
  ["/x/", "http://a/", { strip_prefix: "/x" }],
  ["/x/", "http://a/b/", { strip_prefix: "/x", add_prefix: "/b" }],
  ["/x/", "http://a/x/", {}],
  ["/x", "http://a/b", { rewrite_path: { pattern: "^/x", replacement: "/b" } }],
  ["/x.y", "http://a/", { rewrite_path: { pattern: "^/x\\.y", replacement: "/" } }],
  ["= /x", "http://a/b", { replace_path: "/b" }],
  ["= /x", "http://a", {}],
  ["/x/", "http://a$request_uri", {}],
  ["~ ^/x", "http://a", {}],
];
for (const [location, pass, change] of PASSES) {
  test(`location ${location} with proxy_pass ${pass} changes the path as nginx does`, (t) => {
    const text =
      `server { location ${location} { proxy_pass ${pass}; proxy_set_header Host $host; proxy_set_header X-A b; } }`;
    const { rules = [], routes = [] } = onlyFrontend(converted(t, { format: "nginx", text }));
    const found = [...rules as DraftTable[], ...routes as DraftTable[]].find(({ backend }) =>
      backend === "a"
    )!;
    const { if: _, path_prefix: __, prefix_match: ___, backend: ____, request_headers: _____, ...rest } =
      found;
    assert.deepEqual(rest, change);
  });
}

test("servers of one address are told apart by the host, the narrower name first", (t) => {
  const text = `
    server { server_name *.example.com; location / { return 201; } location = /x { return 211; } }
    server { server_name www.example.com; location / { return 202; } location = /x { return 212; } }
    server { listen 80 default_server; server_name a.example.com; location / { return 203; } location = /x { return 213; } }`;
  const { rules, routes } = onlyFrontend(converted(t, { format: "nginx", text }));
  assert.deepEqual(
    (rules as DraftTable[]).map(({ if: term, respond }) => [term, (respond as DraftTable)["status"]]),
    [
      ["host == *.example.com && host != www.example.com && host != a.example.com && path == /x", 211],
      ["host == www.example.com && path == /x", 212],
      ["(host == a.example.com || !(host in [*.example.com, www.example.com])) && path == /x", 213],
      ["host == a.example.com || !(host in [*.example.com, www.example.com])", 203],
    ].map((
      [term, status],
    ) => [
      String(term).replace(
        "host != www.example.com && host != a.example.com",
        "!(host in [www.example.com, a.example.com])",
      ),
      status,
    ]),
  );
  assert.deepEqual((routes as DraftTable[]).map(({ host }) => host), ["*.example.com", "www.example.com"]);
});

test("addresses with the same servers make one frontend, others one each", (t) => {
  const text = `
    server { listen 80; listen [::]:80; listen 8080; return 201; }
    server { listen unix:/run/x.sock; listen 127.0.0.1:81; listen [::1]:81; listen *:9000; server_name b; return 202; }
    server { listen 8080; server_name c; return 203; }`;
  const { data } = converted(t, { format: "nginx", text });
  assert.deepEqual((data["frontends"] as DraftTable[]).map(({ name, bind }) => [name, bind]), [
    ["http", ":80"],
    ["port-8080", "0.0.0.0:8080"],
    ["unix", ["unix:/run/x.sock", "127.0.0.1:81", "[::1]:81", "0.0.0.0:9000"]],
  ]);
});

const ACCESS: [rules: string, access: DraftTable | undefined, lost: number][] = [
  ["allow 10.0.0.0/8; deny all;", { allow: ["10.0.0.0/8"] }, 0],
  ["deny 10.0.0.1; allow all;", { deny: ["10.0.0.1"] }, 0],
  ["deny 10.0.0.1;", { deny: ["10.0.0.1"] }, 0],
  ["deny 10.0.0.1; allow 10.0.0.0/8; deny all;", { allow: ["10.0.0.0/8"], deny: ["10.0.0.1"] }, 0],
  ["deny all;", { deny: ["0.0.0.0/0", "::/0", "unix"] }, 0],
  ["allow all;", undefined, 0],
  ["auth_request /who;", { deny: ["0.0.0.0/0", "::/0", "unix"] }, 1],
  ["auth_request off;", undefined, 1],
  ["allow 10.0.0.0/8; deny all; auth_request /who; satisfy any;", {
    allow: ["10.0.0.0/8"],
    deny: ["0.0.0.0/0", "::/0", "unix"],
  }, 1],
  ["allow 10.0.0.1; deny 10.0.0.0/8;", { deny: ["10.0.0.0/8"] }, 1],
  ["allow 10.0.0.1; deny 10.0.0.0/8; allow 192.0.2.1; deny all;", {
    allow: ["10.0.0.1", "192.0.2.1"],
    deny: ["10.0.0.0/8"],
  }, 1],
];
for (const [rules, access, lost] of ACCESS) {
  test(`${rules} lets in whom nginx lets in, or says that it does not`, (t) => {
    const draft = converted(t, {
      format: "nginx",
      text: `server { location / { ${rules} proxy_pass http://a; } }`,
    });
    const { routes = [{}] } = onlyFrontend(draft);
    assert.deepEqual((routes as DraftTable[])[0]!["access"], access);
    assert.equal(lostIn(draft).length, lost);
  });
}

test("limit_except turns other methods away, and all of them where it is not converted whom it lets in", (t) => {
  const text = `server {
    location /a/ { limit_except GET { deny all; } proxy_pass http://a; }
    location /b/ { limit_except POST { allow 10.0.0.1; deny all; } proxy_pass http://a; }
    location / { proxy_pass http://a; } }`;
  const draft = converted(t, { format: "nginx", text });
  const rules = (onlyFrontend(draft)["rules"] as DraftTable[]).filter((rule) =>
    rule["respond"] !== undefined
  );
  assert.deepEqual(rules.slice(-2), [
    { if: "path_prefix == /a/ && !(method in [GET, HEAD])", respond: { status: 403 } },
    { if: "path_prefix == /b/ && method != POST", respond: { status: 403 } },
  ]);
  assert.equal(lostIn(draft).length, 1);
});

test("who needs a certificate of TLS is not let in", (t) => {
  const text = "server { ssl_verify_client on; location / { proxy_pass http://a; } }";
  const { routes } = onlyFrontend(converted(t, { format: "nginx", text }));
  assert.deepEqual((routes as DraftTable[])[0]!["access"], { deny: ["0.0.0.0/0", "::/0", "unix"] });
});

const REWRITES: [rewrite: string, rule: DraftTable | undefined][] = [
  ["^/a/(.*)$ /b/$1 last", {
    if: 'path ~ "^/a/(.*)$"',
    backend: "b",
    rewrite_path: { pattern: "^/a/(.*)$", replacement: "/b/$1" },
  }],
  ["/a /b/ last", {
    if: "path ~ /a",
    backend: "b",
    rewrite_path: { pattern: "^.*?/a.*$", replacement: "/b/" },
  }],
  ["^/a /b/? last", {
    if: 'path ~ "^/a"',
    backend: "b",
    rewrite_path: { pattern: "^/a.*$", replacement: "/b/" },
    forward_query: false,
  }],
  ["^ https://x.example$request_uri? permanent", { redirect: { to: "https://x.example{uri}", status: 301 } }],
  ["^/(.*)$ https://x.example/$1 redirect", { redirect: "https://x.example{uri}" }],
  ["^(.*)$ https://x.example$1? permanent", { redirect: { to: "https://x.example{path}", status: 301 } }],
  ["^/a/(.*)$ /c/$1 permanent", undefined],
  ["^/a/(.*)$ /$1 last", undefined],
];
for (const [rewrite, rule] of REWRITES) {
  test(`rewrite ${rewrite} becomes a rule, or is said to be lost`, (t) => {
    const text =
      `server { rewrite ${rewrite}; location / { proxy_pass http://a; } location /b/ { proxy_pass http://b; }
      location = /b { return 404; } proxy_set_header Host $host; client_max_body_size 0; }`;
    const draft = converted(t, { format: "nginx", text });
    const rules = onlyFrontend(draft)["rules"] as DraftTable[];
    assert.deepEqual(rules.length > 1 ? rules[0] : undefined, rule);
    assert.equal(lostIn(draft).length, rule === undefined ? 1 : 0);
  });
}
