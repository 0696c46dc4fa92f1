// What `check` refuses, the schema refuses wherever a schema can say it; the table says for each file whether one can.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../src/config/problems/error.ts";
import { parseConfig } from "../../src/config/load.ts";
import { readToml } from "../../src/config/text/toml.ts";
import { schemaProblems } from "./validator.ts";

/** A frontend with `more` in it, and a backend. */
function web(more: string): string {
  return `[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n${more}\n[backends.app]\nservers = ["http://10.0.0.1"]\n`;
}

/** The same with `more` in the backend. */
function app(more: string): string {
  return `${web("")}${more}\n`;
}

/** The same with a rule. */
function rule(keys: string): string {
  return web(`[[frontends.rules]]\n${keys}`);
}

const CAN = true;
/** It lies between sections, or in a file, or needs more than a pattern. */
const CANNOT = false;

const files: readonly (readonly [what: string, sayable: boolean, text: string])[] = [
  ["a key at the top that is mistyped", CAN, `[fontends]\n${web("")}`],
  ["a key of a section that is mistyped", CAN, `[log]\nlevl = "info"\n${web("")}`],
  ["no frontend at all", CAN, '[backends.app]\nservers = ["http://10.0.0.1"]\n'],
  ["an empty list of frontends", CAN, "frontends = []\n"],
  [
    "a frontend without an address",
    CAN,
    '[[frontends]]\ndefault_backend = "app"\n[backends.app]\nservers = ["a:1"]\n',
  ],
  ["a frontend that leads nowhere", CAN, '[[frontends]]\nbind = ":80"\n'],
  ["an address without a port", CAN, web("").replace(":80", "localhost")],
  ["a port above 65535", CAN, web("").replace(":80", ":65536")],
  ["an IPv6 address that is none", CANNOT, web("").replace(":80", "[1::2::3]:80")],
  ["a duration without a unit", CAN, `reload_interval = 5\n${web("")}`],
  ["a duration in days", CAN, `reload_interval = "1d"\n${web("")}`],
  ["a duration of more than 596 hours", CANNOT, `reload_interval = "600h"\n${web("")}`],
  ["a duration of zero that cannot be off", CAN, app('timeouts = { connect = "0s" }')],
  ["a size in bits", CAN, `limits = { header_size = "32Kb" }\n${web("")}`],
  ["a size of zero", CAN, `limits = { header_size = "0B" }\n${web("")}`],
  ["a number beyond its bounds", CAN, app("retries = { attempts = 11 }")],
  ["a number that is not whole", CAN, app("pool = { max_idle = 1.5 }")],
  ["a share above one", CAN, app("panic_threshold = 1.2")],
  ["a word that is none of the list", CAN, `log = { level = "loud" }\n${web("")}`],
  ["a policy that there is not", CAN, app('balance = "leastcon"')],
  ["a text in place of true", CAN, app('critical = "yes"')],
  ["a backend without servers", CAN, `${web("")}[backends.other]\nservers = []\n`],
  ["a server URL with a query", CAN, app("").replace("10.0.0.1", "10.0.0.1/?a=b")],
  ["a server URL with a password", CAN, app("").replace("10.0.0.1", "u:p@10.0.0.1")],
  [
    "a server that stands twice",
    CANNOT,
    app("").replace('"http://10.0.0.1"', '"http://10.0.0.1", "http://10.0.0.1:80"'),
  ],
  ["the name of a backend that there is not", CANNOT, web("").replace('"app"', '"ap"')],
  [
    "two frontends on one address",
    CANNOT,
    `${web("")}[[frontends]]\nbind = ":80"\ndefault_backend = "app"\n`,
  ],
  ["a rule without an action", CAN, rule('if = "path == /a"')],
  ["a rule with two actions", CAN, rule('backend = "app"\nredirect = "/x"')],
  ["a condition with a slip", CANNOT, rule('if = "path = /a"\nbackend = "app"')],
  ["a change of requests beside a redirect", CAN, rule('redirect = "/x"\nstrip_prefix = "/a"')],
  ["a prefix with a star", CAN, web('[[frontends.routes]]\npath_prefix = "/api/*"\nbackend = "app"')],
  [
    "two routes for the same",
    CANNOT,
    web('routes = [{ path_prefix = "/a", backend = "app" }, { path_prefix = "/a", backend = "app" }]'),
  ],
  ["a placeholder that there is not", CAN, rule('redirect = "https://{hots}/"')],
  ["a method that servers never answer with a body", CAN, rule('backend = "app"\nmethod = "head"')],
  [
    "a header that only the proxy sets",
    CAN,
    rule('backend = "app"\nrequest_headers = { set = { Via = "x" } }'),
  ],
  ["a body and a file", CAN, rule('respond = { body = "a", file = "b.txt" }')],
  ["a file that is not there", CANNOT, rule('respond = { file = "nowhere.txt" }')],
  [
    "a regular expression with a slip",
    CAN,
    rule('backend = "app"\nrewrite_path = { pattern = "(", replacement = "" }'),
  ],
  ["a rate without a unit", CAN, web('rate_limit = { rate = "10" }')],
  ["two limits of one name", CANNOT, web('rate_limit = [{ rate = "1/s" }, { rate = "1/s", by = "path" }]')],
  [
    "two ways to say who clients are, without any",
    CAN,
    web('auth = { bearer = { tokens = { a = "0123456789abcdef" } }, forward = { url = "http://a/" } }'),
  ],
  ["a token that is too short", CAN, web('auth = { bearer = { tokens = { a = "short" } } }')],
  ["a password in place of its hash", CAN, web('auth = { basic = { users = { ann = "secret" } } }')],
  ["a stage with a number", CAN, web("compress = 5")],
  ["cookies for all origins", CAN, web('cors = { credentials = true, origins = ["*"] }')],
  ["a coding twice", CAN, web('compress = { algorithms = ["gzip", "gzip"] }')],
  ["a share of a fault that there is not", CAN, web('fault = { delay = "1s", abort_share = 0.5 }')],
  ["a cookie for other sites that is not secure", CAN, app('sticky = { same_site = "none" }')],
  ["a page for a status that is never answered", CAN, web('error_pages = { 200 = "a.html" }')],
  ["an address that is no address", CANNOT, web('access = { allow = ["10.0.0.300"] }')],
  ["a name in place of an address", CAN, web('access = { allow = ["localhost"] }')],
  ["rules in a relay", CAN, '[[frontends]]\nbind = ":80"\nmode = "relay"\nrules = [{ backend = "app" }]\n'],
  ["the relay of a reverse proxy", CAN, web("relay = { pac = true }")],
  [
    "a user of a server that is no parent",
    CAN,
    app("").replace('"http://10.0.0.1"', '{ url = "a:1", username = "u", password = "p" }'),
  ],
  [
    "a parent with a user and no password",
    CAN,
    `${web("")}[backends.out]\nprotocol = "proxy"\nservers = [{ url = "a:1", username = "u" }]\n`,
  ],
  ["two tokens for operators", CAN, `admin = { token = "0123456789abcdef", token_file = "/t" }\n${web("")}`],
  ["operators let in from everywhere", CAN, `admin = { bind = ":9090" }\n${web("")}`],
  [
    "a batch that is larger than its queue",
    CANNOT,
    `tracing = { batch_size = 512, queue_size = 100 }\n${web("")}`,
  ],
  [
    "a password in the URL of an auth server",
    CAN,
    web('auth = { forward = { url = "http://me:secret@a.example" } }'),
  ],
  ["a key of requests that there is not", CAN, web('rate_limit = { rate = "5/s", by = "{client} {user}" }')],
  [
    "a secret that is too short",
    CAN,
    web('auth = { jwt = { secret = "short", issuer = false, audience = false } }'),
  ],
  [
    "a body that is looked for after HEAD",
    CAN,
    `defaults = { health_check = { method = "HEAD", expected_body = "ok" } }\n${web("")}`,
  ],
  [
    "another port of a socket",
    CAN,
    app("").replace('"http://10.0.0.1"', '{ url = "unix:/a", health_check = { port = 1 } }'),
  ],
  ["a test that expects nothing", CAN, `${web("")}[[tests]]\nurl = "http://a/"\nexpect = {}\n`],
  ["a variable that is not closed", CANNOT, web("").replace(":80", "${PORT")],
];

test("there are more than forty bad files", () => assert.ok(files.length > 40));

for (const [what, sayable, text] of files) {
  test(`check refuses ${what}, ${sayable ? "and so does the schema" : "which a schema cannot say"}`, () => {
    assert.throws(() => parseConfig(text, { file: "c", format: "toml" }), ConfigError);
    const { data, errors } = readToml(text);
    assert.deepEqual(errors, []);
    assert.equal(schemaProblems(data).length > 0, sayable, JSON.stringify(schemaProblems(data)));
  });
}
