import assert from "node:assert/strict";
import { test } from "node:test";
import { Page } from "../../../src/http1/page.ts";

test("Page.first() has the length that is asked for, whatever was asked for before", () => {
  const page = Page.of(1000);
  for (const size of [10, 74, 10, 138, 0, 64, 74, 1000]) {
    const view = page.first(size);
    assert.equal(view.length, size);
    assert.equal(view.buffer, page.bytes.buffer);
    assert.equal(view.byteOffset, page.bytes.byteOffset);
  }
});

test("Page.take() gives a page again that was given back, and one of another size never", () => {
  const page = Page.take();
  page.giveBack();
  assert.equal(Page.take(), page);
  Page.of(100_000).giveBack();
  Page.of(1_000_000).giveBack();
  assert.equal(Page.take().bytes.length, page.bytes.length);
});

test("Page.of() gives a page with room, and one again that was given back where that has", () => {
  const page = Page.of(100_000);
  assert.ok(page.bytes.length >= 100_000);
  page.giveBack();
  assert.equal(Page.of(90_000), page);
  assert.notEqual(Page.of(90_000), page);
  page.giveBack();
  assert.ok(Page.of(1_000_000).bytes.length >= 1_000_000);
});
