/** The state of the proxy as it comes, and how old it is. */
import { ask } from "./access.js";

/** Between two attempts to connect, in ms: longer each time. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A connection on which nothing came for so long counts as lost: states come once a second, large ones more seldom. */
const SILENCE_MS = 12_000;

/**
 * Follows the events of the proxy for as long as the page is open. `onEvent(name, data)` gets each, `onOpen()` comes
 * before the first of a connection, `onLost(waitMs)` where there is none until the next attempt.
 */
export async function follow({ onOpen, onEvent, onLost }) {
  for (let wait = FIRST_WAIT_MS;;) {
    try {
      await read({
        onOpen,
        onEvent(name, data) {
          wait = FIRST_WAIT_MS;
          onEvent(name, data);
        },
      });
    } catch {
      // What went wrong is said by onLost: there is no connection.
    }
    onLost(wait);
    await pause(wait);
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
}

async function read({ onOpen, onEvent }) {
  const given = new AbortController();
  let silence;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => given.abort(), SILENCE_MS);
  };
  heard();
  try {
    const response = await ask("events", { signal: given.signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    await onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      text += value;
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const [, name, data] = /^event: (\w+)\ndata: ([^]*)$/.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        if (name !== undefined) onEvent(name, JSON.parse(data));
      }
    }
  } finally {
    clearTimeout(silence);
    given.abort();
  }
}

/** Waits, but no longer than until the page is looked at again, or the machine is back on its network. */
function pause(ms) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", end);
      removeEventListener("online", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    document.addEventListener("visibilitychange", end);
    addEventListener("online", end);
  });
}
