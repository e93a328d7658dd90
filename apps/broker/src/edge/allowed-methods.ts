import type { FastifyInstance, FastifyRequest } from 'fastify';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

interface KnownRoute {
  method: string;
  pattern: RegExp;
}

const tables = new WeakMap<object, KnownRoute[]>();

/** Keeps the routes of a server as they are declared; to be called before Nest declares its own. */
export function watchRoutes(server: FastifyInstance): void {
  const table: KnownRoute[] = [];
  tables.set(server.server, table);
  server.addHook('onRoute', ({ method, url }) => {
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replace(/:[^/]+/g, '[^/]+')}/?$`);
    for (const one of [method].flat()) table.push({ method: one, pattern });
  });
}

/** Methods that the asked path does answer to; empty when there is no such path at all. */
export function allowedMethods(request: FastifyRequest): string[] {
  const path = request.raw.url?.split('?')[0] ?? '/';
  const routes = tables.get(request.server.server) ?? [];
  const matching = routes.filter((route) => route.pattern.test(path));
  return METHODS.filter((method) => matching.some((route) => route.method === method));
}
