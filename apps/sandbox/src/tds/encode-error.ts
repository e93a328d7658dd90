/**
 * A value that the engine produced does not fit the type it declared. The row is taken back and
 * the request ends with SQL Server's error 8115; the value itself is not in the message.
 */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
  constructor(readonly typeName: string) {
    super(`Arithmetic overflow error converting expression to data type ${typeName}.`);
  }
}
