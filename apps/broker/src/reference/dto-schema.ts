/**
 * A DTO's JSON Schema, read from the rules that check it: what is described is what is enforced. Rules
 * that no schema can say (a well-formed credential, an ABN) leave the type alone.
 */
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';
import type { Schema } from '#apps/broker/src/reference/schema-words.js';

export type DtoClass = new () => object;

interface Rule {
  propertyName: string;
  type: string;
  name?: string;
  each: boolean;
  constraints: unknown[];
}

type Words = (...constraints: unknown[]) => Schema;

const isText = (value: unknown): boolean => typeof value === 'string';

/** By the name that each rule has in class-validator. */
const words: Record<string, Words> = {
  isString: () => ({ type: 'string' }),
  isInt: () => ({ type: 'integer' }),
  isNumber: () => ({ type: 'number' }),
  isBoolean: () => ({ type: 'boolean' }),
  isArray: () => ({ type: 'array' }),
  isObject: () => ({ type: 'object' }),
  isIn: (values) => {
    const choices = [...(values as readonly unknown[])];
    return { ...(choices.every(isText) && { type: 'string' }), enum: choices };
  },
  isUuid: () => ({ type: 'string', format: 'uuid' }),
  isEmail: () => ({ type: 'string', format: 'email' }),
  isUrl: () => ({ type: 'string', format: 'uri' }),
  isMoment: () => ({ type: 'string', format: 'date-time' }),
  matches: (pattern) => ({ type: 'string', pattern: (pattern as RegExp).source }),
  isLength: (min, max) => ({
    type: 'string',
    ...(min !== undefined && { minLength: min }),
    ...(max !== undefined && { maxLength: max }),
  }),
  maxLength: (max) => ({ type: 'string', maxLength: max }),
  minLength: (min) => ({ type: 'string', minLength: min }),
  min: (min) => ({ minimum: min }),
  max: (max) => ({ maximum: max }),
  arrayMaxSize: (max) => ({ maxItems: max }),
  arrayMinSize: (min) => ({ minItems: min }),
  arrayNotEmpty: () => ({ minItems: 1 }),
  arrayUnique: () => ({ uniqueItems: true }),
};

const plain = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
  [Array, 'array'],
]);

export function dtoSchema(dto: DtoClass): Schema {
  const rules = getMetadataStorage().getTargetValidationMetadatas(
    dto as never,
    '',
    false,
    false,
  ) as Rule[];
  const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
  const of = (name: string) => rules.filter(({ propertyName }) => propertyName === name);
  const required = names.filter((name) => !of(name).some(isConditional));
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, fieldSchema(dto, name, of(name))])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

const isConditional = ({ type }: Rule): boolean => type === 'conditionalValidation';

function fieldSchema(dto: DtoClass, name: string, rules: readonly Rule[]): Schema {
  const declared = plain.get(Reflect.getMetadata('design:type', dto.prototype as object, name));
  const schema: Schema = declared === undefined ? {} : { type: declared };
  const items: Schema = {};
  for (const rule of rules)
    Object.assign(
      rule.each ? items : schema,
      words[rule.name ?? '']?.(...(rule.constraints ?? [])),
    );
  const isList = schema['type'] === 'array';
  const nested = rules.some(({ type }) => type === 'nestedValidation')
    ? nestedOf(dto, name, isList)
    : undefined;
  if (!isList) return nested ? dtoSchema(nested) : schema;
  return { ...schema, items: nested ? dtoSchema(nested) : items };
}

/** What a body's field becomes before it is checked. */
function nestedOf(dto: DtoClass, name: string, isList: boolean): DtoClass {
  const made = plainToInstance(dto as never, { [name]: isList ? [{}] : {} }) as Record<
    string,
    object
  >;
  const value = isList ? (made[name] as object[])[0] : made[name];
  return (value as object).constructor as DtoClass;
}
