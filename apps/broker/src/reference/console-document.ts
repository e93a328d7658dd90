/**
 * The console's API as OpenAPI 3.1, made from the tables of its routes. Who may call what, and what
 * for; the shapes of bodies are the types of libs/console-api, for its one client is the console.
 */
import type { ConsoleRoute } from '#apps/broker/src/access/console-route.js';
import { consoleRoutes } from '#apps/broker/src/reference/console-routes.js';
import {
  openApiPath,
  operationId,
  parameters,
} from '#apps/broker/src/reference/openapi-document.js';
import type { Schema } from '#apps/broker/src/reference/schema-words.js';

const PROBLEM = 'application/problem+json';

export function consoleDocument(): Schema {
  const paths: Record<string, Record<string, Schema>> = {};
  for (const [route, declared] of Object.entries(consoleRoutes)) {
    const [method = '', path = ''] = route.split(' ');
    const item = (paths[openApiPath(path)] ??= {});
    item[method.toLowerCase()] = describe(route, path, declared);
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

function describe(route: string, path: string, { may, summary }: ConsoleRoute): Schema {
  const isSafe = route.startsWith('GET ');
  return {
    operationId: operationId(route),
    summary,
    description: `May: ${typeof may === 'string' ? may : may.join(', ')}.`,
    security: may === 'visitor' ? [] : [{ ConsoleSession: [] }],
    parameters: [
      ...parameters(path, {}),
      ...(isSafe
        ? []
        : [{ name: 'Origin', in: 'header', required: true, schema: { type: 'string' } }]),
    ],
    responses: {
      '2XX': { description: 'Done.' },
      default: { description: 'Refused or failed.', content: { [PROBLEM]: {} } },
    },
  };
}
