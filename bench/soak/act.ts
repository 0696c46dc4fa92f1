import type { Guest } from "./guest.ts";

/** One thing that a client does, checked to the last byte: it rejects where an answer is not as wanted. */
export interface Act {
  name: string;
  /** How often it comes, in relation to the others. */
  weight: number;
  run(guest: Guest): Promise<void>;
}

/** The head of a GET. */
export function get(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: soak.localhost\r\n${fields}\r\n`;
}
