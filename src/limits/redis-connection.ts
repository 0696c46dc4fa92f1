/** Time to open a connection, handshake and first questions included, in ms. */
const OPEN_MS = 2000;

/** One connection to a Redis. */
export interface RedisConnection {
  /** Resolves when questions may be sent. */
  readonly ready: Promise<unknown>;
  /** Sends a command; those of one turn go out together. Rejects where Redis refuses it, or the connection breaks. */
  send(command: readonly string[]): Promise<unknown>;
  /** It answers: from here on only `onLost` ends it. */
  settle(): void;
  close(): void;
}

/**
 * Opens a connection; `onLost` is told once why it is over. It does not come back by itself: who owns it decides when to try
 * again. The package is loaded when somebody needs it first.
 */
export async function openRedis(url: string, onLost: (cause: string) => void): Promise<RedisConnection> {
  const { createClient } = await import("redis");
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: false, connectTimeout: OPEN_MS },
  });
  let over = false;
  const lose = (cause: string) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    onLost(cause);
  };
  const timer = setTimeout(() => lose(`No connection within ${OPEN_MS} ms`), OPEN_MS);
  client.on("error", (error: Error) => lose(error.message));
  const ready = client.connect();
  ready.catch((error: Error) => lose(error.message));
  return {
    ready,
    send: (command) => client.sendCommand([...command]),
    settle: () => clearTimeout(timer),
    close() {
      over = true;
      clearTimeout(timer);
      client.destroy();
    },
  };
}
