/** What the verifier is asked to do. */
import { parseArgs } from 'node:util';
import { parseVerifierKey, type NoteKey } from '#libs/audit/signed-note.js';

export const usage = `Checks exports of audit logs, offline.

  --export FILE             an export; again for another one, e.g. of the agent's own log
  --key VERIFIER-KEY        a key that you trust, of a log or of a witness; again for another one. Without one
                            the export's own are taken, whoever they belong to, and that is said
  --witness-threshold K     so many witnesses must have cosigned; else as many as the export says, and with
                            a --key of a witness at least one
  --json                    one JSON object in place of lines
  --help                    this

Exit code 0: all is good; 1: something is wrong; 2: it could not be read.
`;

export interface Asked {
  files: string[];
  keys: NoteKey[];
  threshold?: number;
  json: boolean;
  help: boolean;
}

export function readArguments(words: string[]): Asked | { problem: string } {
  const given = parse(words);
  if (!given) return { problem: 'That is not understood.' };
  const { export: files = [], key: texts = [], json = false, help = false } = given;
  const threshold = given['witness-threshold'];
  if (!help && files.length === 0) return { problem: 'Name an export: --export FILE' };
  const keys = texts.map(parseVerifierKey);
  if (!keys.every((key) => key !== undefined)) return { problem: 'A --key is no verifier key.' };
  if (threshold !== undefined && !/^\d{1,6}$/.test(threshold))
    return { problem: '--witness-threshold takes a whole number.' };
  return {
    ...{ files, keys, json, help },
    ...(threshold !== undefined && { threshold: Number(threshold) }),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        export: { type: 'string', multiple: true },
        key: { type: 'string', multiple: true },
        'witness-threshold': { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch {
    return undefined;
  }
}
