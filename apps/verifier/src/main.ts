/**
 * Checks exports of audit logs, offline, and says plainly what it found. Needs nothing but Node: built into one
 * file it runs on any machine, also of somebody who trusts neither the broker nor this project.
 * Exit code 0: all is good; 1: something is wrong; 2: it could not be read.
 */
import { readArguments, usage } from '#apps/verifier/src/read-arguments.js';
import { plainLines } from '#apps/verifier/src/plain-lines.js';
import { readExport } from '#apps/verifier/src/read-export.js';
import { verifyExports } from '#libs/audit/verify-export.js';

function run(words: string[]): number {
  const asked = readArguments(words);
  if ('problem' in asked) {
    process.stderr.write(`${asked.problem}\n\n${usage}`);
    return 2;
  }
  if (asked.help) {
    process.stdout.write(usage);
    return 0;
  }
  const exports = [];
  for (const file of asked.files) {
    const read = readExport(file);
    if ('problem' in read) {
      process.stderr.write(`${file}: ${read.place}: ${read.problem}.\n`);
      return 2;
    }
    exports.push({ name: file, content: read });
  }
  const { keys, threshold } = asked;
  const verification = verifyExports(exports, {
    keys,
    ...(threshold !== undefined && { threshold }),
  });
  const isWrong = verification.findings.some(({ level }) => level === 'wrong');
  if (asked.json) process.stdout.write(`${JSON.stringify({ good: !isWrong, ...verification })}\n`);
  else process.stdout.write(plainLines(verification));
  return isWrong ? 1 : 0;
}

process.exitCode = run(process.argv.slice(2));
