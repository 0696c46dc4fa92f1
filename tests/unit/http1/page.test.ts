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
  Page.of(10).giveBack();
  assert.notEqual(Page.take().bytes.length, 10);
});
