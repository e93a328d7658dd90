/**
 * From parsed JSON to a validated DTO, made for a path that runs on every request: what a class's
 * decorators say is read once per class, instances are built directly, one validator is reused.
 * Unknown properties are refused by name. Null for what is `@IsOptional` is left out, so that nobody
 * behind this has to think of it.
 */
import 'reflect-metadata';
// The storage is where `@Type` keeps what it was told; class-transformer has no public door to it.
// @ts-expect-error and no declarations for it either
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, IS_OPTIONAL, Validator, type ValidationError } from 'class-validator';
import { isCertainlyValid } from '#libs/contracts/quick-check.js';
import { ConduitError } from '#libs/errors/conduit-error.js';

export interface FieldProblem {
  /** Path in the body, e.g. `command.parameters[3].type`; empty for the body itself. */
  field: string;
  /** Ours, e.g. `must be an integer number`; never holds the value. */
  problem: string;
}

/** REQUEST_INVALID with every offending field; the first is also in `facts`. */
export class InvalidFields extends ConduitError {
  constructor(readonly problems: FieldProblem[]) {
    super('REQUEST_INVALID', { facts: { ...problems[0] } });
  }
}

type DtoClass<T extends object> = new () => T;

/** What one class expects: its properties, and the classes of those that are objects themselves. */
interface Plan {
  make: DtoClass<object>;
  properties: Map<string, DtoClass<object> | undefined>;
  /** Those that null leaves out. */
  optional: Set<string>;
  /** Longest array a property may hold, so that a hostile one is refused before it is built. */
  arrayLimits: Map<string, number>;
}

const plans = new Map<DtoClass<object>, Plan>();
const validator = new Validator();
const OPTIONS = { forbidUnknownValues: true, validationError: { target: false, value: false } };

const MAX_PROBLEMS = 20;
const MAX_NAME_CHARACTERS = 128;

function nestedClassOf(dto: DtoClass<object>, property: string): DtoClass<object> | undefined {
  const storage = defaultMetadataStorage as {
    findTypeMetadata(target: unknown, name: string): { typeFunction(): unknown } | undefined;
  };
  return storage.findTypeMetadata(dto, property)?.typeFunction() as DtoClass<object> | undefined;
}

function planOf(dto: DtoClass<object>): Plan {
  const known = plans.get(dto);
  if (known) return known;
  const plan: Plan = {
    make: dto,
    properties: new Map(),
    optional: new Set(),
    arrayLimits: new Map(),
  };
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
    const nestedClass = nestedClassOf(dto, metadata.propertyName);
    plan.properties.set(metadata.propertyName, nestedClass);
    if (metadata.name === IS_OPTIONAL) plan.optional.add(metadata.propertyName);
    if (metadata.name === 'arrayMaxSize') {
      plan.arrayLimits.set(metadata.propertyName, metadata.constraints[0] as number);
    }
  }
  plans.set(dto, plan);
  return plan;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function build(
  plan: Plan,
  source: Record<string, unknown>,
  path: string,
  problems: FieldProblem[],
) {
  const instance = new plan.make() as Record<string, unknown>;
  for (const name of Object.keys(source)) {
    const field = path === '' ? name : `${path}.${name}`;
    if (!plan.properties.has(name)) {
      problems.push({ field: field.slice(0, MAX_NAME_CHARACTERS), problem: 'is not known here' });
      if (problems.length >= MAX_PROBLEMS) break;
      continue;
    }
    const nested = plan.properties.get(name);
    const value = source[name];
    if (value === null && plan.optional.has(name)) continue;
    instance[name] = nested
      ? buildNested(planOf(nested), plan, name, value, field, problems)
      : value;
  }
  return instance;
}

function buildNested(
  nested: Plan,
  parent: Plan,
  name: string,
  value: unknown,
  field: string,
  problems: FieldProblem[],
): unknown {
  if (isObject(value)) return build(nested, value, field, problems);
  if (!Array.isArray(value)) return value;
  const limit = parent.arrayLimits.get(name) ?? Infinity;
  if (value.length > limit) {
    problems.push({ field, problem: `must hold no more than ${limit} elements` });
    return [];
  }
  return value.map((item: unknown, index) => {
    if (isObject(item)) return build(nested, item, `${field}[${index}]`, problems);
    // class-validator lets an empty list pass for a nested object.
    if (problems.length < MAX_PROBLEMS) {
      problems.push({ field: `${field}[${index}]`, problem: 'must be an object' });
    }
    return item;
  });
}

/**
 * @param value parsed JSON from outside
 * @returns an instance whose decorators all hold
 * @throws InvalidFields
 */
export function readDto<T extends object>(dto: DtoClass<T>, value: unknown): T {
  if (!isObject(value)) throw new InvalidFields([{ field: '', problem: 'must be a JSON object' }]);
  const problems: FieldProblem[] = [];
  const plan = planOf(dto);
  const instance = build(plan, value, '', problems) as T;
  if (problems.length > 0) throw new InvalidFields(problems);
  if (isCertainlyValid(instance)) return instance;
  const failures = validator.validateSync(instance, OPTIONS);
  if (failures.length === 0) return instance;
  for (const failure of failures) collect(failure, '', problems);
  throw new InvalidFields(problems.slice(0, MAX_PROBLEMS));
}

function collect(failure: ValidationError, path: string, problems: FieldProblem[]): void {
  const isIndex = /^\d+$/.test(failure.property);
  const step = isIndex ? `[${failure.property}]` : failure.property;
  const field = path === '' || isIndex ? path + step : `${path}.${step}`;
  for (const text of Object.values(failure.constraints ?? {})) {
    problems.push({ field, problem: text.replace(`${failure.property} `, '') });
  }
  for (const child of failure.children ?? []) collect(child, field, problems);
}
