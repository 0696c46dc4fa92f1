import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** "!", with which every answer ends. */
const END = 0x21;
const REQUESTS = 200;
/** A machine that is busy for a moment is no fault. */
const ROUNDS = 5;

/**
 * Requests a second that one connection makes of `text`, one behind the answer to the other: of five rounds the first that
 * reaches `goal`, or the best. `onPiece` is told of what comes before the "!" that ends an answer.
 */
export async function requestRate(
  socket: Socket,
  text: string,
  { goal, onPiece = () => {} }: { goal: number; onPiece?: () => void },
): Promise<number> {
  let best = 0;
  for (let rounds = 0; rounds < ROUNDS && best < goal; rounds++) {
    const started = performance.now();
    await askAgainAndAgain(socket, text, onPiece);
    best = Math.max(best, REQUESTS * 1000 / (performance.now() - started));
  }
  return best;
}

function askAgainAndAgain(socket: Socket, text: string, onPiece: () => void): Promise<void> {
  return new Promise((resolve) => {
    let answered = 0;
    socket.on("data", function take(chunk: Buffer) {
      if (chunk.at(-1) !== END) return onPiece();
      if (++answered < REQUESTS) return void socket.write(text);
      socket.off("data", take);
      resolve();
    });
    socket.write(text);
  });
}
