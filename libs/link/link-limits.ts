/**
 * What one link may hold and how patient it is. The defaults are the protocol's; tests shrink them
 * to reach the edges quickly.
 */
import { FRAGMENT_BYTES, WINDOW_BYTES } from '#libs/link/frame.js';

export interface LinkLimits {
  /** Credit per stream and direction, bytes; both ends must agree. At least 4 KiB. */
  windowBytes: number;
  /** Largest frame payload, bytes; both ends must agree. */
  fragmentBytes: number;
  /** Requests of the other side that may be open at once. */
  maxInboundStreams: number;
  /** Largest request, header and body together, bytes. */
  maxRequestBytes: number;
  /** Largest END trailer, bytes. */
  maxTrailerBytes: number;
  /** Unfinished reassembled messages of all streams together, bytes. */
  maxAssemblyBytes: number;
  /** The socket is given no more while it still holds this much, bytes. */
  highWaterBytes: number;
  /** Ticks of silence after which a ping asks whether the other side is there. */
  pingAfterTicks: number;
  /** Ticks of silence after which the link is dead. */
  deadAfterTicks: number;
  /** Cheap-to-send, dear-to-serve frames (opens that are reset, pings, …) tolerated in a burst. */
  maxStrikes: number;
  /** Streams one side may open before the link must be replaced. */
  maxStreamId: number;
}

export const DEFAULT_LIMITS: Readonly<LinkLimits> = Object.freeze({
  windowBytes: WINDOW_BYTES,
  fragmentBytes: FRAGMENT_BYTES,
  maxInboundStreams: 1024,
  maxRequestBytes: 10 * 1024 * 1024,
  maxTrailerBytes: 16 * 1024 * 1024,
  maxAssemblyBytes: 64 * 1024 * 1024,
  highWaterBytes: 128 * 1024,
  pingAfterTicks: 10,
  deadAfterTicks: 25,
  maxStrikes: 4_000,
  maxStreamId: 0xffff_fffd,
});
