import { Buffer } from "node:buffer";

/** Room of a page: a large head, and what is joined after it. */
const PAGE_BYTES = 32 * 1024;
/** Room of a large one: all that a socket reads in one go, nearly always. */
const LARGE_PAGE_BYTES = 256 * 1024;
/** Pages that wait for whoever writes next. More than one is in use only where messages are begun within each other. */
const MAX_FREE_PAGES = 8;
const MAX_FREE_LARGE_PAGES = 2;
const freePages: Page[] = [];
const freeLargePages: Page[] = [];

/** Views of a page that are kept, by their length: heads of the same kind are of a few lengths. */
const VIEWS = 64;

/** A piece of memory to write messages on, one after another. */
export class Page {
  readonly bytes: Buffer;
  /** Views of the first bytes: making one costs as much as copying a head. */
  readonly #views: (Buffer | undefined)[] = [];

  private constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }

  /** One that is free. */
  static take(): Page {
    return freePages.pop() ?? new Page(PAGE_BYTES);
  }

  /** One with room for `size` bytes at least, which may be more than fits on others. */
  static of(size: number): Page {
    if (size > LARGE_PAGE_BYTES) return new Page(2 * size);
    return freeLargePages.pop() ?? new Page(LARGE_PAGE_BYTES);
  }

  /** The first `size` bytes. Good until the page is given back. */
  first(size: number): Buffer {
    const kept = this.#views[size % VIEWS];
    if (kept !== undefined && kept.length === size) return kept;
    return this.#views[size % VIEWS] = this.bytes.subarray(0, size);
  }

  /** The same in memory of their own. */
  copyOf(size: number): Buffer {
    return Buffer.from(this.bytes.subarray(0, size));
  }

  /** Nobody looks at it any more: whoever writes next may have it. */
  giveBack(): void {
    const { length } = this.bytes;
    if (length === PAGE_BYTES) {
      if (freePages.length < MAX_FREE_PAGES) freePages.push(this);
    } else if (length === LARGE_PAGE_BYTES && freeLargePages.length < MAX_FREE_LARGE_PAGES) {
      freeLargePages.push(this);
    }
  }
}
