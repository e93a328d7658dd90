/** What a scope text means, and which scopes can be granted at all. */
import { isSystemProcedure, normaliseProcedureName } from '#libs/grants/procedure-name.js';

export type ParsedScope =
  | { kind: 'operation'; name: string }
  | { kind: 'procedure'; name: string }
  | { kind: 'statement'; sha256: string }
  | { kind: 'sql:read' }
  | { kind: 'sql:write' };

const OPERATION = /^[a-z][a-z0-9-]{0,40}(\.[a-z][a-z0-9-]{0,40}){0,4}$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;

/** The meaning of a scope text, or undefined when it is none that can be granted. */
export function parseScope(scope: string): ParsedScope | undefined {
  if (scope === 'sql:read' || scope === 'sql:write') return { kind: scope };
  const colon = scope.indexOf(':');
  const name = scope.slice(colon + 1);
  switch (scope.slice(0, Math.max(colon, 0))) {
    case 'operation':
      return OPERATION.test(name) ? { kind: 'operation', name } : undefined;
    case 'statement':
      return SHA256_HEX.test(name) ? { kind: 'statement', sha256: name } : undefined;
    case 'procedure': {
      const normalised = normaliseProcedureName(name);
      if (!normalised || isSystemProcedure(normalised)) return undefined;
      return { kind: 'procedure', name: normalised };
    }
    default:
      return undefined;
  }
}
