/**
 * Cuts what the tests need out of HL7's JSON schema of FHIR R4: two resources and the types they are
 * made of, without descriptions. Extensions and contained resources, through which either of them
 * could hold any other, are refused instead: none of ours has one.
 *
 * node test/fhir/cut-schema.js fhir.schema.json > test/fhir/r4-audit-event.schema.json
 */
import { readFileSync } from 'node:fs';

const resources = ['AuditEvent', 'OperationOutcome'];
const refused = ['Extension', 'ResourceList'];

const whole = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const definitions = Object.fromEntries(refused.map((name) => [name, { not: {} }]));

function bare(value) {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([name, part]) => name !== 'description' || typeof part !== 'string',
  );
  return Object.fromEntries(kept.map(([name, part]) => [name, bare(part)]));
}

function take(name) {
  if (name in definitions) return;
  definitions[name] = bare(whole.definitions[name]);
  const text = JSON.stringify(definitions[name]);
  for (const [, other] of text.matchAll(/"#\/definitions\/(\w+)"/g)) take(other);
}

resources.forEach(take);
const oneOf = resources.map((name) => ({ $ref: `#/definitions/${name}` }));
process.stdout.write(`${JSON.stringify({ oneOf, definitions }, undefined, 1)}\n`);
