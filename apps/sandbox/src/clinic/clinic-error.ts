/**
 * A failure that the person at the keyboard can act on: printed as it is, without a stack. Its text
 * is made of option names, ports and table names, never of rows.
 */
export class ClinicError extends Error {
  /** @param exitCode 1 when the clinic could not be run, 2 when the command line is wrong */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'ClinicError';
  }
}
