import { randomBytes } from "node:crypto";

/** Tells this process from all others. */
const PROCESS = randomBytes(8).toString("hex");
let count = 0;

/** A name for a request that no other request has, in this process or another. Not a secret. */
export function nextRequestId(): string {
  return `${PROCESS}-${(count++).toString(36)}`;
}

/** Whether an id that came from outside can stand in logs and headers: up to 128 plain characters. */
export function isRequestId(text: string): boolean {
  return text.length <= 128 && /^[\w.:+/=@-]+$/.test(text);
}
