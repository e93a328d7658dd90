/**
 * What addresses a receiver's name stands for, by DNS alone. Not the system's resolver: that takes one
 * of four threads for as long as a name server is silent, and files and keys need the same threads.
 * The hosts file is not read; `localhost` never leaves the machine (RFC 6761 §6.3).
 */
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';

/** All addresses of a name; none where it has none. Rejects when no server answers in time. */
export type Resolve = (host: string) => Promise<LookupAddress[]>;

/** Each try waits twice as long as the one before: both together are less than a call may take. */
const TRY_MS = 1_400;
const TRIES = 2;

/** @param servers address:port of name servers; absent: the machine's */
export function resolveByDns(servers?: string[], tryMs = TRY_MS): Resolve {
  const resolver = new Resolver({ timeout: tryMs, tries: TRIES });
  if (servers) resolver.setServers(servers);
  return async (host) => {
    if (host === 'localhost') return [{ address: '127.0.0.1', family: 4 }];
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = answers.flatMap((answer, index) =>
      answer.status === 'rejected'
        ? []
        : answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })),
    );
    const silence = answers.find((answer) => answer.status === 'rejected' && isSilence(answer));
    if (found.length === 0 && silence?.status === 'rejected') throw silence.reason;
    return found;
  };
}

const isSilence = ({ reason }: PromiseRejectedResult): boolean =>
  (reason as NodeJS.ErrnoException).code === 'ETIMEOUT';
