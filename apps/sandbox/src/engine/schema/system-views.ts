/**
 * INFORMATION_SCHEMA and the sys views that clients ask for, made from the declared definitions when
 * a statement reads them. A login sees only the catalogues it may enter.
 */
import type { SystemTable } from '../binding/environment.js';
import type { SessionState } from '../session/session-state.js';
import { informationSchema } from './information-schema.js';
import { column, type Row, type ViewBuilder } from './system-view.js';
import { systemCatalogue } from './system-catalogue.js';

const views: Record<string, ViewBuilder> = { ...informationSchema, ...systemCatalogue };

/** @param name lowercase `sys.tables` and the like. */
export function findSystemTable(
  name: string,
  state: SessionState,
  catalogue: string,
): SystemTable | undefined {
  const view = Object.hasOwn(views, name) ? views[name] : undefined;
  if (!view) return undefined;
  return {
    columns: Object.entries(view.columns).map(([columnName, type]) => column(columnName, type)),
    rows: async () => {
      const rows: Row[] = await view.rows(state, catalogue);
      const lowered = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toLowerCase(), value])),
      );
      return JSON.stringify(lowered);
    },
  };
}
