/**
 * Every HTTP route of the application with its policy. Boot fails when one has none, or one that its
 * path does not fit: a console route for callers that are no people, a tenant's without the tenant.
 */
import { Injectable, RequestMethod, type OnApplicationBootstrap } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { declaredPolicy, type DeclaredPolicy } from '#apps/broker/src/access/declared-policy.js';
import { tenantParameters } from '#apps/broker/src/access/person-access.js';
import { personPolicies, type PolicyName } from '#apps/broker/src/access/policy.decorator.js';
import type { PersonRole } from '#libs/console-api/session.js';

export interface RouteEntry {
  method: string;
  /** As declared, e.g. `/integrator/sites/:siteId`. */
  path: string;
  policy: PolicyName;
  /** Who may call it, where the policy asks for a role. */
  roles: readonly PersonRole[];
  /** The classes that check its body and its query, where a handler takes them whole. */
  body?: RequestClass;
  query?: RequestClass;
}

type RequestClass = new () => object;

export class RoutesWithoutPolicy extends Error {
  constructor(readonly routes: string[]) {
    super(['routes without a policy', ...routes].join('; '));
  }
}

@Injectable()
export class RouteTable implements OnApplicationBootstrap {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onApplicationBootstrap(): void {
    this.list();
  }

  /** @throws naming the routes that declare no policy */
  list(): RouteEntry[] {
    const found = this.discovery.getControllers().flatMap(({ instance, metatype }) => {
      const prefixes = asList(Reflect.getMetadata(PATH_METADATA, metatype as object));
      const prototype = Object.getPrototypeOf(instance) as Record<string, object>;
      return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name] as object;
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as number | undefined;
        if (method === undefined) return [];
        const paths = asList(Reflect.getMetadata(PATH_METADATA, handler));
        return prefixes.flatMap((prefix) =>
          paths.map((path) => ({
            method: RequestMethod[method] ?? '',
            path: joinPath(prefix, path),
            declared: declaredPolicy(handler, metatype as object),
            taken: takenBy(metatype as object, prototype, name),
          })),
        );
      });
    });
    const bare = found.filter(({ path, declared }) => !declared || !fits(path, declared.name));
    if (bare.length > 0) {
      const names = bare.map((route) => `${route.method} ${route.path}`);
      throw new RoutesWithoutPolicy(names);
    }
    return found.map(({ method, path, declared, taken }) => {
      const { name, roles } = declared as DeclaredPolicy;
      return { method, path, policy: name, roles, ...taken };
    });
  }
}

function takenBy(metatype: object, prototype: object, name: string) {
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, metatype, name) ?? {}) as Record<
    string,
    { index: number; data?: unknown }
  >;
  const types = (Reflect.getMetadata('design:paramtypes', prototype, name) ?? []) as unknown[];
  const of = (kind: RouteParamtypes): RequestClass | undefined => {
    const [, whole] =
      Object.entries(args).find(([key, { data }]) => key.startsWith(`${kind}:`) && !data) ?? [];
    const type = whole && types[whole.index];
    return typeof type === 'function' && type !== Object ? (type as RequestClass) : undefined;
  };
  const [body, query] = [of(RouteParamtypes.BODY), of(RouteParamtypes.QUERY)];
  return { ...(body && { body }), ...(query && { query }) };
}

const CONSOLE_API = '/console/api/';

function fits(path: string, policy: PolicyName): boolean {
  const isForPeople =
    policy === 'visitor' || (personPolicies as readonly string[]).includes(policy);
  if (isForPeople !== path.startsWith(CONSOLE_API)) return false;
  if (policy !== 'practice' && policy !== 'integrator') return true;
  return path.split('/').includes(`:${tenantParameters[policy]}`);
}

const asList = (paths: unknown): string[] =>
  Array.isArray(paths) ? (paths as string[]) : [typeof paths === 'string' ? paths : ''];

function joinPath(...parts: string[]): string {
  const steps = parts.flatMap((part) => part.split('/')).filter((step) => step !== '');
  return `/${steps.join('/')}`;
}
