/** The shapes of tedious' internals that the exact reader stands on; checked at start-up. */

/** tedious' stream parser, as far as values are concerned. */
export interface TdsBytes {
  buffer: Buffer;
  position: number;
  /** Appends the next packet's bytes; rejects when the message ends inside a token. */
  waitForChunk(): Promise<void>;
}

export interface TdsColumn {
  userType: number;
  flags: number;
  type: { name: string };
  collation?: { codepage?: string } | undefined;
  precision?: number | undefined;
  scale?: number | undefined;
  dataLength?: number | undefined;
  colName?: string;
}

/** Waits until `count` bytes are there. */
export async function need(bytes: TdsBytes, count: number): Promise<void> {
  while (bytes.buffer.length - bytes.position < count) await bytes.waitForChunk();
}
