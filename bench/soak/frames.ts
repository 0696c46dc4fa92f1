import { Buffer } from "node:buffer";
import type { Wire } from "./wire.ts";

/** Opcodes of RFC 6455 §5.2 that the soak sends. */
export const BINARY = 2;
export const CLOSE = 8;

/** A WebSocket frame, final and whole. */
export interface Frame {
  opcode: number;
  payload: Buffer;
}

/** The bytes of a frame (RFC 6455 §5.2); clients mask theirs. */
export function encodeFrame({ opcode, payload }: Frame, mask?: Buffer): Buffer {
  const size = payload.length;
  const flag = mask === undefined ? 0 : 0x80;
  const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = flag | (size < 126 ? size : size < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(size, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
  return mask === undefined
    ? Buffer.concat([head, payload])
    : Buffer.concat([head, mask, masked(payload, mask)]);
}

/** Reads one frame and takes its mask off. */
export async function readFrame(wire: Wire): Promise<Frame> {
  const head = await wire.exactly(2);
  if ((head[0]! & 0x80) === 0) throw new Error("a frame in parts");
  let size = head[1]! & 0x7f;
  if (size === 126) size = (await wire.exactly(2)).readUInt16BE();
  else if (size === 127) size = Number((await wire.exactly(8)).readBigUInt64BE());
  const mask = (head[1]! & 0x80) === 0 ? undefined : await wire.exactly(4);
  const payload = await wire.exactly(size);
  return { opcode: head[0]! & 0xf, payload: mask === undefined ? payload : masked(payload, mask) };
}

function masked(payload: Buffer, mask: Buffer): Buffer {
  const result = Buffer.alloc(payload.length);
  for (let i = 0; i < payload.length; i++) result[i] = payload[i]! ^ mask[i & 3]!;
  return result;
}
