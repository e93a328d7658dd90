/** An export from a file, never more of it than an export may have. */
import { readFileSync, statSync } from 'node:fs';
import { isUtf8 } from 'node:buffer';
import type { AuditExport } from '#libs/audit/audit-export.js';
import {
  exportLimits,
  parseAuditExport,
  type ExportProblem,
} from '#libs/audit/parse-audit-export.js';

export function readExport(file: string): AuditExport | ExportProblem {
  const problem = (says: string): ExportProblem => ({ place: 'the file', problem: says });
  try {
    const { size } = statSync(file);
    if (size > exportLimits.characters) return problem('is too long');
    const bytes = readFileSync(file);
    return isUtf8(bytes) ? parseAuditExport(bytes.toString()) : problem('is not UTF-8');
  } catch (error) {
    const { code = 'no reason given' } = error as NodeJS.ErrnoException;
    return problem(`cannot be read (${code})`);
  }
}
