/**
 * The console's API as OpenAPI 3.1, made from the tables of its routes. Who may call what, and what
 * for; what bodies and queries may hold is read from the classes that check them.
 */
import type { ConsoleRoute } from '#apps/broker/src/access/console-route.js';
import type { RouteEntry } from '#apps/broker/src/access/route-table.js';
import { consoleRoutes } from '#apps/broker/src/reference/console-routes.js';
import {
  openApiPath,
  operationId,
  parameters,
} from '#apps/broker/src/reference/openapi-document.js';
import { dtoSchema, type DtoClass } from '#apps/broker/src/reference/dto-schema.js';
import type { Schema } from '#apps/broker/src/reference/schema-words.js';

const PROBLEM = 'application/problem+json';

type TakenBy = (route: string) => Pick<RouteEntry, 'body' | 'query'>;

export function consoleDocument(takenBy: TakenBy): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const [route, declared] of Object.entries(consoleRoutes)) {
    const [method = '', path = ''] = route.split(' ');
    const item = (paths[openApiPath(path)] ??= {});
    item[method.toLowerCase()] = describe(route, declared, takenBy(route));
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Conduit console API',
      version: '0.1.0',
      description:
        'What the pages of the console call. It changes together with them and is promised to nobody else.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        ConsoleSession: { type: 'apiKey', in: 'cookie', name: '__Host-conduit' },
      },
    },
  };
}

function describe(
  route: string,
  { may, summary }: ConsoleRoute,
  { body, query }: ReturnType<TakenBy>,
): Schema {
  const [method, path = ''] = route.split(' ');
  const isSafe = method === 'GET';
  return {
    operationId: operationId(route),
    summary,
    description: `May: ${typeof may === 'string' ? may : may.join(', ')}.`,
    security: may === 'visitor' ? [] : [{ ConsoleSession: [] }],
    parameters: [
      ...parameters(path, {}),
      ...(query ? inQuery(query) : []),
      ...(isSafe
        ? []
        : [{ name: 'Origin', in: 'header', required: true, schema: { type: 'string' } }]),
    ],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: dtoSchema(body) } } },
    }),
    responses: {
      '2XX': { description: 'Done.' },
      default: { description: 'Refused or failed.', content: { [PROBLEM]: {} } },
    },
  };
}

function inQuery(query: DtoClass): Schema[] {
  const { properties, required = [] } = dtoSchema(query) as {
    properties: Record<string, Schema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, in: 'query', required: required.includes(name), schema },
  }));
}
