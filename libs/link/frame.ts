/**
 * The alphabet of the link protocol, `conduit-link.v1`. One WebSocket message carries one or more
 * frames, each an 8-byte header and a payload:
 *
 *   type u8 | flags u8 | payload length u16 | stream id u32        (big endian)
 *
 * An open or data frame names the kind of the message it belongs to in the low bits of its flags;
 * FIN marks the last fragment of a message. Window, fragment cost and the limits below are part of
 * the protocol version: both ends use the same ones.
 */

/** The WebSocket subprotocol; it carries the version of everything in this file. */
export const LINK_SUBPROTOCOL = 'conduit-link.v1';

export const HEADER_BYTES = 8;

/** Bytes one side may have in flight on one stream before the other has taken some. */
export const WINDOW_BYTES = 256 * 1024;

/** Largest payload of one frame; on a 20 Mbit/s line it delays another stream by 13 ms. */
export const FRAGMENT_BYTES = 32 * 1024;

/**
 * Each open or data frame costs its payload plus this much of the window, so that a peer that
 * sends empty or one-byte fragments cannot make the other side hold objects without end.
 */
export const FRAGMENT_COST_BYTES = 64;

/** A batch is sent when it holds this much; one more fragment may follow the last that fitted. */
export const BATCH_BYTES = 64 * 1024;

/** Longest WebSocket message either side accepts. */
export const MAX_MESSAGE_BYTES = 128 * 1024;

export const FrameType = {
  open: 1,
  data: 2,
  credit: 3,
  reset: 4,
  ping: 5,
  pong: 6,
  goaway: 7,
} as const;

/** What a message is: the request, or one of the four parts of a reply. */
export const Kind = { request: 0, head: 1, body: 2, end: 3, error: 4 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export const KIND_MASK = 0x07;
export const FIN = 0x80;

/** Why a stream was cut, as one byte on the wire. */
export const ResetReason = {
  cancelled: 1,
  refused: 2,
  internal: 3,
  protocol: 4,
  tooLarge: 5,
} as const;
export type ResetReason = (typeof ResetReason)[keyof typeof ResetReason];

/** Receives the frames of one message in order; returning false stops the reading. */
export type FrameSink = (type: number, flags: number, streamId: number, payload: Buffer) => boolean;

/**
 * Splits a WebSocket message into frames and checks what can be checked without knowing any
 * stream: known type, legal flags, exact lengths, stream id where one belongs.
 *
 * @returns what is wrong with the message, in our own words, or undefined
 */
export function readFrames(
  message: Buffer,
  fragmentBytes: number,
  sink: FrameSink,
): string | undefined {
  if (message.length === 0) return 'empty message';
  let offset = 0;
  while (offset < message.length) {
    if (message.length - offset < HEADER_BYTES) return 'truncated header';
    const type = message[offset] as number;
    const flags = message[offset + 1] as number;
    const length = message.readUInt16BE(offset + 2);
    const streamId = message.readUInt32BE(offset + 4);
    const start = offset + HEADER_BYTES;
    offset = start + length;
    if (offset > message.length) return 'truncated payload';
    const problem = checkHeader(type, flags, length, streamId, fragmentBytes);
    if (problem !== undefined) return problem;
    if (!sink(type, flags, streamId, message.subarray(start, offset))) return undefined;
  }
  return undefined;
}

function checkHeader(
  type: number,
  flags: number,
  length: number,
  streamId: number,
  fragmentBytes: number,
): string | undefined {
  switch (type) {
    case FrameType.open:
    case FrameType.data:
      if ((flags & ~(FIN | KIND_MASK)) !== 0 || (flags & KIND_MASK) > Kind.error)
        return 'unknown flags';
      if (length > fragmentBytes) return 'fragment too long';
      return streamId === 0 ? 'stream id missing' : undefined;
    case FrameType.credit:
      return checkFixed(flags, length, 4) ?? (streamId === 0 ? 'stream id missing' : undefined);
    case FrameType.reset:
      return checkFixed(flags, length, 1) ?? (streamId === 0 ? 'stream id missing' : undefined);
    case FrameType.ping:
    case FrameType.pong:
    case FrameType.goaway:
      return checkFixed(flags, length, 0) ?? (streamId === 0 ? undefined : 'stream id not allowed');
    default:
      return 'unknown frame type';
  }
}

function checkFixed(flags: number, length: number, expected: number): string | undefined {
  if (flags !== 0) return 'unknown flags';
  return length === expected ? undefined : 'wrong length';
}
