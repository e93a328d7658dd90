/**
 * A passkey in six plain words, for two screens and a person between them: the first 66 bits of its
 * fingerprint, eleven bits a word, from the English list of BIP-39 (2,048 words that are told apart
 * by their first four letters).
 */
import { wordlist } from '@scure/bip39/wordlists/english.js';

import { passkeyFingerprint, type PasskeyKey } from '#libs/grants/approver.js';

const WORDS = 6;
const BITS_A_WORD = 11n;
const FINGERPRINT_BITS = 256n;

/** Six words with a space between them. */
export function sixWords(key: PasskeyKey): string {
  const bits = BigInt(`0x${passkeyFingerprint(key).toString('hex')}`);
  return Array.from({ length: WORDS }, (_, i) => {
    const above = FINGERPRINT_BITS - BITS_A_WORD * BigInt(i + 1);
    return wordlist[Number((bits >> above) & 0x7ffn)];
  }).join(' ');
}

/** What somebody typed, in the spelling of `sixWords`: case and spacing say nothing. */
export const plainWords = (typed: string): string =>
  typed
    .toLowerCase()
    .split(/[\s,-]+/)
    .filter((word) => word !== '')
    .join(' ');
