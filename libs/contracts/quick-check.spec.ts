import { expect, test } from '@jest/globals';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { CommandDto, ImmediateQueryDto, ParameterDto } from '#libs/contracts/command.js';
import { CreateKeyDto } from '#libs/contracts/operator.js';
import { isCertainlyValid } from '#libs/contracts/quick-check.js';

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const odd = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant([]), fc.boolean());
const mostly = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: value as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: odd });

const parameter = fc
  .record({
    name: mostly(fc.string({ minLength: 1, maxLength: 20 })),
    type: mostly(optional(fc.constantFrom('Int', 'NVarChar'))),
    direction: mostly(optional(fc.constantFrom('input', 'output'))),
    value: mostly(optional(fc.string({ unit: 'binary' }))),
    size: mostly(optional(fc.integer({ min: -3, max: 9 }))),
  })
  .map((fields) => Object.assign(new ParameterDto(), fields));

const query = fc
  .record({
    text: mostly(fc.string({ minLength: 1 })),
    executionMode: mostly(optional(fc.constantFrom('reader', 'scalar'))),
    parameters: mostly(optional(fc.array(mostly(parameter), { maxLength: 3 }))),
    maxTimeInQueue: mostly(optional(fc.integer({ min: -5, max: 60_005 }))),
  })
  .map(({ maxTimeInQueue, ...command }) => {
    const made = Object.assign(new CommandDto(), command);
    return Object.assign(new ImmediateQueryDto(), { command: made, maxTimeInQueue });
  });

test('never says yes where class-validator finds something', () => {
  let valid = 0;
  fc.assert(
    fc.property(query, (instance) => {
      if (!isCertainlyValid(instance)) return;
      expect(validateSync(instance, { forbidUnknownValues: true })).toEqual([]);
      valid += 1;
    }),
    { numRuns: 500 },
  );
  expect(valid).toBeGreaterThan(20);
});

test('looks at every member of a list', () => {
  const key = (addressRanges: unknown) =>
    Object.assign(new CreateKeyDto(), { name: 'x', addressRanges });
  expect(isCertainlyValid(key(['10.0.0.0/8']))).toBe(true);
  expect(isCertainlyValid(key(['10.0.0.0/8', 'nonsense']))).toBe(false);
});

test('does not vouch for a class without decorators', () => {
  expect(isCertainlyValid({})).toBe(false);
});
