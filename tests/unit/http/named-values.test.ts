import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../../src/base/errors.ts";
import { NamedValues } from "../../../src/http/named-values.ts";
import { queryValues } from "../../../src/http/query.ts";

const query = (count: number, value: (i: number) => string) =>
  `/?b=0&${Array.from({ length: count }, (_, i) => `a=${value(i)}`).join("&")}`;

test("NamedValues tells equal values once, in their order", () => {
  const values = new NamedValues(queryValues);
  const a = values.ask("a");
  const b = values.ask("b");
  const target = query(5000, (i) => String(i % 3));
  assert.deepEqual(a(target), ["0", "1", "2"]);
  assert.deepEqual(b(target), ["0"]);
  assert.deepEqual(a("/?a=2&a=1&a=2"), ["2", "1"]);
  assert.deepEqual(b("/?a=2&a=1&a=2"), []);
});

test("NamedValues refuses a request with more values of a name than all conditions could look at", () => {
  const values = new NamedValues(queryValues);
  const a = values.ask("a");
  assert.equal(a(query(250, String)).length, 250);
  const refused = (error: unknown) => error instanceof ProxyError && error.kind === "bad_request";
  assert.throws(() => a(query(251, String)), refused);
  assert.throws(() => a(query(251, String)), refused); // not forgotten by the second who asks
  assert.deepEqual(a(query(1, String)), ["0"]);
  assert.equal(values.ask("c")("/?" + "b=1&".repeat(1000)).length, 0); // nobody asks for those
});
