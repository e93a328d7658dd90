/** What both commands do around their work: parse words strictly, print a failure plainly, exit rightly. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ClinicError } from './clinic-error.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Words<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; strict: true; allowPositionals: false }>
>['values'];

/** @throws ClinicError with exit code 2 on an unknown option, a missing value or a stray word */
export function parseWords<T extends Options>(args: string[], options: T): Words<T> {
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const problem = error instanceof Error ? error.message.split('. ')[0] : 'Bad options';
    throw new ClinicError(`${problem}. See --help.`, 2, { cause: error });
  }
}

/** Runs a command to its end and sets the exit code: 0 done, 1 failed, 2 wrong command line. */
export async function runCommand(
  work: () => Promise<void>,
  print: (line: string) => void,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.exitCode = error instanceof ClinicError ? error.exitCode : 1;
    print(error instanceof Error ? error.message : 'The command failed.');
    if (!(error instanceof ClinicError) && process.env['CONDUIT_DEBUG']) print(stackOf(error));
  }
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? '') : '');

/** Writes each line to standard error, where progress belongs. */
export function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}
