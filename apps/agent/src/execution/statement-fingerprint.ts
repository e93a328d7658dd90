/**
 * Tells whether two journal records speak of the same statement without telling which: an HMAC of
 * the statement's tokens under a key that never leaves this practice. Literals are left out, so
 * that a patient's name in a statement can't be guessed from it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lex, maxRememberedCharacters } from '#libs/tsql/lexer.js';

const KEY_FILE = 'fingerprint.key';
const KEY_BYTES = 32;
const MAX_CACHED = 512;
const MAX_CACHED_CHARACTERS = 4_096;

export class StatementFingerprint {
  private readonly known = new Map<string, string>();

  constructor(private readonly key: Buffer) {}

  /** Reads the practice's key from the state folder, making it at first use. */
  static fromFolder(stateFolder: string): StatementFingerprint {
    const path = join(stateFolder, KEY_FILE);
    if (!existsSync(path)) {
      mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
      writeFileSync(path, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' });
    }
    const key = readFileSync(path);
    if (key.length !== KEY_BYTES)
      throw new Error('the fingerprint key file does not hold a whole key');
    return new StatementFingerprint(key);
  }

  /** @returns 32 hex digits */
  of(statement: string): string {
    const cached = this.known.get(statement);
    if (cached !== undefined) return cached;
    const made = createHmac('sha256', this.key)
      .update(normalise(statement))
      .digest('hex')
      .slice(0, 32);
    if (statement.length <= MAX_CACHED_CHARACTERS) {
      if (this.known.size >= MAX_CACHED) this.known.clear();
      this.known.set(statement, made);
    }
    return made;
  }
}

function normalise(statement: string): string {
  // Too long to be guessed with its literals, and cutting it up would take a good part of a second.
  if (statement.length > maxRememberedCharacters) return statement;
  const lexed = lex(statement);
  if (!lexed.ok) return statement;
  return lexed.tokens.map((token) => (token.text === '' ? token.kind : token.text)).join(' ');
}
