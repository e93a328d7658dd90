/**
 * Halo's published OpenAPI document as validators. The file is not part of this repository: tests
 * that need it are skipped, loudly, where it is absent. Its `oneOf` pairs overlap, so they are read
 * as `anyOf`; statuses it leaves out (413, 429) have no schema to hold an answer against.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

const PLACE =
  process.env['CONDUIT_HALO_OPENAPI'] ?? '../shared/reference/halo-integrator-openapi.json';

type Json = Record<string, unknown>;

function readAnyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(readAnyOf);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([name]) => name !== 'discriminator' && name !== 'example',
  );
  return Object.fromEntries(
    entries.map(([name, inner]) => [name === 'oneOf' ? 'anyOf' : name, readAnyOf(inner)]),
  );
}

export class HaloSchemas {
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  private readonly validators = new Map<string, ValidateFunction>();

  private constructor(private readonly document: Json) {
    (formats as unknown as (ajv: Ajv2020) => void)(this.ajv);
    this.ajv.addSchema(document, 'halo');
  }

  /** Undefined where the document is not at hand. */
  static load(): HaloSchemas | undefined {
    const path = resolve(PLACE);
    if (!existsSync(path)) {
      console.warn(`SKIPPED: no Halo OpenAPI document at ${PLACE}; set CONDUIT_HALO_OPENAPI`);
      return undefined;
    }
    return new HaloSchemas(readAnyOf(JSON.parse(readFileSync(path, 'utf8'))) as Json);
  }

  /** @returns what is wrong with the body as an answer of that operation, or an empty list */
  problems(method: string, path: string, status: number, body: unknown): string[] {
    const validate = this.validatorOf(method, path, status);
    if (validate(body)) return [];
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  }

  /** @returns what is wrong with a value held against a named schema */
  problemsOf(schema: string, value: unknown): string[] {
    const validate = this.compile(`halo#/components/schemas/${schema}`);
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  }

  private validatorOf(method: string, path: string, status: number): ValidateFunction {
    const paths = this.document['paths'] as Record<string, Record<string, Json>>;
    const operation = paths[path]?.[method.toLowerCase()];
    const responses = operation?.['responses'] as Record<string, { $ref?: string }> | undefined;
    const response = responses?.[String(status)];
    if (!response) throw new Error(`${method} ${path} documents no ${status}`);
    const name = response.$ref?.split('/').at(-1) ?? '';
    return this.compile(
      `halo#/components/responses/${name}/content/${encodeURIComponent('application/json').replace('%2F', '~1')}/schema`,
    );
  }

  private compile(ref: string): ValidateFunction {
    let validate = this.validators.get(ref);
    if (!validate) {
      validate = this.ajv.compile({ $ref: ref });
      this.validators.set(ref, validate);
    }
    return validate;
  }
}
