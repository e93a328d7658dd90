/** The OpenAPI 3.1 document, made from the tables of operations, schemas and errors. */
import type { Operation } from '#apps/broker/src/reference/operation.js';
import { operations } from '#apps/broker/src/reference/operations.js';
import { ref, type Schema } from '#apps/broker/src/reference/schema-words.js';
import { schemas } from '#apps/broker/src/reference/schemas.js';
import { TOKEN_PATH } from '#apps/broker/src/oauth/check-assertion.js';
import type { PolicyName } from '#apps/broker/src/access/policy.decorator.js';
import { catalogue, type ErrorCode } from '#libs/errors/catalogue.js';

const JSON_TYPE = 'application/json';

const security: Record<PolicyName, object[]> = {
  public: [],
  ownProof: [],
  throttled: [],
  integratorKey: [{ SubscriptionKey: [] }, { ClientCredentials: [] }],
  operatorToken: [{ OperatorToken: [] }],
  visitor: [],
  session: [{ ConsoleSession: [] }],
  practice: [{ ConsoleSession: [] }],
  integrator: [{ ConsoleSession: [] }],
  operator: [{ ConsoleSession: [] }],
};

/** Nest's `:name` as OpenAPI's `{name}`. */
export const openApiPath = (path: string): string => path.replace(/:(\w+)/g, '{$1}');

export function openApiDocument(policyOf: (route: string) => PolicyName): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const operation of operations) {
    const [method = '', path = ''] = operation.route.split(' ');
    const item = (paths[openApiPath(path)] ??= {});
    item[method.toLowerCase()] = describe(operation, path, policyOf(operation.route));
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Conduit integrator API',
      version: '0.1.0',
      description:
        'Reads and writes of practice management databases, with the permission of the practice. ' +
        'Compatible with the public Halo Cloud integrator API. Every answer carries X-Request-Id.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        SubscriptionKey: { type: 'apiKey', in: 'header', name: 'Ocp-Apim-Subscription-Key' },
        ClientCredentials: {
          type: 'oauth2',
          description:
            'Client credentials with private_key_jwt (RFC 7523): `Authorization: Bearer` wherever a ' +
            'key may be sent. Results that are stored need a token that was asked for with result_secret.',
          flows: { clientCredentials: { tokenUrl: TOKEN_PATH, scopes: {} } },
        },
        OperatorToken: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}

function describe(operation: Operation, path: string, policy: PolicyName): Schema {
  const { body, bodyExample, bodyRequired, summary, description, tag, deprecated } = operation;
  return {
    operationId: operationId(operation.route),
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(deprecated && { deprecated }),
    security: security[policy],
    parameters: parameters(path, operation.query ?? {}),
    ...(body && {
      requestBody: {
        required: bodyRequired ?? true,
        content: {
          [operation.bodyType ?? JSON_TYPE]: {
            schema: ref(body),
            ...(bodyExample !== undefined && { example: bodyExample }),
          },
        },
      },
    }),
    responses: {
      [operation.status]: success(operation),
      ...failures(operation.errors),
      ...ownFailures(operation),
    },
  };
}

export function operationId(route: string): string {
  const words = route
    .replace(/[^A-Za-z]+/g, ' ')
    .trim()
    .split(' ');
  const [first = '', ...rest] = words;
  return (
    first.toLowerCase() + rest.map((word) => (word[0] ?? '').toUpperCase() + word.slice(1)).join('')
  );
}

export function parameters(path: string, query: Record<string, string>): Schema[] {
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  return [...inPath, ...inQuery];
}

const headers = {
  'X-Request-Id': {
    schema: { type: 'string' },
    description: 'Of this request; yours when it was a UUID or 32 lower-case hex digits.',
  },
  'Conduit-Receipt': {
    schema: { type: 'string' },
    description:
      'With what was dispatched to a site: the id of GET /integrator/receipts/{receiptId}.',
  },
};

function success({ answer, answerExample, answerTypes = [], status }: Operation): Schema {
  if (status === 204) return { description: 'Done.', headers };
  const main = answer ? ref(answer) : {};
  const example = answerExample === undefined ? {} : { example: answerExample };
  const streams = answerTypes.map((type) => [type, { schema: { type: 'string' } }]);
  const content = { [JSON_TYPE]: { schema: main, ...example }, ...Object.fromEntries(streams) };
  return { description: 'Done.', headers, content };
}

function ownFailures({ ownFailures: own }: Operation): Record<string, Schema> {
  if (!own) return {};
  const content = { [JSON_TYPE]: { schema: ref(own.schema) } };
  const failed = { description: 'Not done.', headers, content };
  return Object.fromEntries(own.statuses.map((status) => [String(status), failed]));
}

/** One entry a status, with an example for each code that can be behind it. */
function failures(codes: readonly ErrorCode[]): Record<string, Schema> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { status } = catalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const entries = [...byStatus].map(([status, those]): [string, Schema] => [
    String(status),
    failure(those),
  ]);
  return Object.fromEntries(entries);
}

function failure(codes: readonly ErrorCode[]): Schema {
  const hasQuery = codes.includes('STATEMENT_FAILED');
  const examples = Object.fromEntries(
    codes.map((code) => {
      const { status, title } = catalogue[code];
      return [code, { value: { error: { status, message: title, code } } }];
    }),
  );
  const plain = hasQuery ? { anyOf: [ref('Error'), ref('FailedQuery')] } : ref('Error');
  return {
    description: codes.map((code) => `${code}: ${catalogue[code].title}`).join('\n\n'),
    headers,
    content: {
      [JSON_TYPE]: { schema: plain, examples },
      'application/problem+json': { schema: ref('Problem') },
    },
  };
}
