/** Parameters of a command as tedious sends them; every bad one is named by its place, never quoted. */
import type { TYPES } from 'tedious';
import type { ParameterDto } from '#libs/contracts/command.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { TextEncoding, WireValue } from '#apps/agent/src/pms/mssql/parameter-lengths.js';
import { wireTypes } from '#apps/agent/src/pms/mssql/parameter-types.js';

type TediousType = (typeof TYPES)[keyof typeof TYPES];

export interface BoundParameter {
  name: string;
  type: TediousType;
  output: boolean;
}

/** The name becomes part of the declaration text of sp_executesql. */
const NAME = /^[\p{L}_][\p{L}\p{N}_@#$]{0,126}$/u;

/** Names of sp_executesql's own parameters. */
const RESERVED = new Set(['stmt', 'statement', 'params']);

const bareName = (name: string): string => name.replace(/^@/, '');

function invalid(index: number, field: string, problem: string): ConduitError {
  return new ConduitError('REQUEST_INVALID', {
    facts: { field: `command.parameters[${index}].${field}`, problem },
  });
}

/**
 * @returns the parameters to send, in order; `returnValue` ones are not sent
 * @throws ConduitError REQUEST_INVALID naming the field
 */
export function bindParameters(
  parameters: readonly ParameterDto[],
  encoding: TextEncoding,
): BoundParameter[] {
  const names = new Set<string>();
  const bound: BoundParameter[] = [];
  for (const [index, parameter] of parameters.entries()) {
    const name = bareName(parameter.name);
    if (!NAME.test(name)) throw invalid(index, 'name', 'must be a T-SQL parameter name');
    if (RESERVED.has(name.toLowerCase())) throw invalid(index, 'name', 'is reserved by SQL Server');
    if (names.has(name.toLowerCase())) throw invalid(index, 'name', 'must be unique');
    names.add(name.toLowerCase());
    if (parameter.direction === 'returnValue') continue;
    const wire = wireValue(parameter, index, encoding);
    const direction = parameter.direction ?? 'input';
    bound.push({ name, type: asTediousType(wire), output: direction !== 'input' });
  }
  return bound;
}

function wireValue(parameter: ParameterDto, index: number, encoding: TextEncoding): WireValue {
  const typeName = parameter.type ?? 'String';
  const type = wireTypes[typeName];
  if (type === 'unsupported') {
    throw invalid(index, 'type', 'Structured and Udt have no text form; send the parts instead');
  }
  const value = parameter.direction === 'output' ? null : (parameter.value ?? null);
  const { size } = parameter;
  const returns = (parameter.direction ?? 'input') !== 'input';
  const wire = type({ value, ...(size === undefined ? {} : { size }), returns, encoding });
  if (wire === undefined) throw invalid(index, 'value', `must be the text of a ${typeName}`);
  return wire;
}

/** The bytes are ready: tedious only has to ask for them. */
function asTediousType(wire: WireValue): TediousType {
  return {
    id: 0,
    type: '',
    name: '',
    declaration: () => wire.declaration,
    generateTypeInfo: () => wire.typeInfo,
    generateParameterLength: () => wire.bytes,
    *generateParameterData() {},
    validate: (value: unknown) => value,
  } as unknown as TediousType;
}

/**
 * Output, inputOutput and returnValue parameters with their final values, in the caller's order;
 * undefined when the command has none.
 * @param values by name without `@`
 */
export function returnedParameters(
  parameters: readonly ParameterDto[],
  values: ReadonlyMap<string, string | null>,
  returnStatus: number | undefined,
): ParameterDto[] | undefined {
  const returned = parameters.filter(({ direction }) => (direction ?? 'input') !== 'input');
  if (returned.length === 0) return undefined;
  return returned.map((parameter) => ({
    name: parameter.name,
    direction: parameter.direction as NonNullable<ParameterDto['direction']>,
    ...(parameter.type === undefined ? {} : { type: parameter.type }),
    value:
      parameter.direction === 'returnValue'
        ? (returnStatus?.toString() ?? null)
        : (values.get(bareName(parameter.name).toLowerCase()) ?? null),
  }));
}
