/** Parts of a name that SQL Server would read the same way with and without brackets. */
const PART = /^[A-Za-z_][A-Za-z0-9_@$#]{0,127}$/;

/** Splits at dots outside brackets and quotes; undefined when a bracket or quote is left open or doubled. */
function parts(name: string): string[] | undefined {
  const found: string[] = [];
  const piece = /\s*(?:\[([^[\]"]+)\]|"([^[\]"]+)"|([^.[\]"\s]+))\s*(\.|$)/y;
  while (piece.lastIndex < name.length) {
    const match = piece.exec(name);
    if (!match) return undefined;
    found.push(match[1] ?? match[2] ?? match[3] ?? '');
    if (match[4] === '') return found;
  }
  return undefined;
}

/**
 * The one spelling of a procedure's name that is compared: lower case, schema always named, no
 * brackets: `[BookSlot]` and `DBO.bookslot` are both `dbo.bookslot`.
 * Undefined for everything else: names in another database or on another server, numbered
 * procedures, names that need brackets, names outside ASCII (whose case folding depends on the
 * collation). Those can be neither granted nor matched.
 */
export function normaliseProcedureName(name: string): string | undefined {
  const found = parts(name);
  if (!found || found.length > 2 || !found.every((part) => PART.test(part))) return undefined;
  return (found.length === 1 ? ['dbo', ...found] : found).join('.').toLowerCase();
}

/**
 * Whether a normalised name is one of SQL Server's own procedures, which would hand out far more
 * than one procedure (sp_executesql runs any text) and are looked up in master whatever the schema.
 */
export function isSystemProcedure(normalised: string): boolean {
  return /\.(sp_|xp_)/.test(normalised) || /^(sys|information_schema)\./.test(normalised);
}
