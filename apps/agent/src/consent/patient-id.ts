/**
 * A patient's number in the one spelling that is compared: `00123`, `123 ` and `123.00` are `123`; letters
 * are lower case, braces of a GUID are off. What the database might read as a number and this can't is
 * no number here: whoever asks has to refuse.
 */
import type { ParameterDto, ParameterType } from '#libs/contracts/command.js';

/** Types whose text says what the database will compare. */
const PLAIN_TYPES: ReadonlySet<ParameterType> = new Set([
  'BigInt',
  'Char',
  'Decimal',
  'Int',
  'NChar',
  'NVarChar',
  'SmallInt',
  'String',
  'TinyInt',
  'UniqueIdentifier',
  'VarChar',
]);

const NUMBER = /^(-?)0*(\d{1,38}?)(?:\.0*)?$/;
const GUID = /^\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?$/;
/** ASCII only: what else a collation takes for the same text nobody here can know. */
const CODE = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;
/** Text that a column of floating point takes for a number. */
const POWER = /^\d+e\d+$/;
const NEEDS_NO_CARE = /^[1-9]\d*$/;

/** @returns undefined when the text is not of a form that can be compared */
export function normalisePatient(text: string): string | undefined {
  const bare = text.trim().toLowerCase();
  if (bare.length > 64) return undefined;
  const number = NUMBER.exec(bare);
  if (number) return number[2] === '0' ? '0' : `${number[1]}${number[2]}`;
  const guid = GUID.exec(bare);
  if (guid) return guid[1];
  return CODE.test(bare) && !POWER.test(bare) ? bare : undefined;
}

/**
 * Every number that the database might take the parameter for: a text that is too long for the
 * procedure's own parameter is cut there without a word.
 * @returns undefined when that can't be told; none for NULL
 */
export function patientsNamed({ type = 'String', value }: ParameterDto): string[] | undefined {
  if (value === null || value === undefined) return [];
  if (!PLAIN_TYPES.has(type)) return undefined;
  const whole = normalisePatient(value);
  if (whole === undefined) return undefined;
  const text = value.trim();
  if (NEEDS_NO_CARE.test(text)) return [whole];
  const cut = Array.from(text, (_, i) => normalisePatient(text.slice(0, i + 1)));
  return [...new Set([whole, ...cut.filter((one) => one !== undefined)])];
}
