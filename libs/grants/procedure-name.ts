/** Parts of a name that SQL Server would read the same way with and without brackets. */
const PART = /^[A-Za-z_][A-Za-z0-9_@$#]{0,127}$/;

const NEVER_IN_PART = /\p{C}/u;

/** Three parts of 128 characters with their brackets and a little room; a longer text is no name. */
export const maxNameCharacters = 512;

/** Splits at dots outside brackets and quotes; undefined when a bracket or quote is left open or doubled. */
function parts(name: string): string[] | undefined {
  if (name.length > maxNameCharacters) return undefined;
  const found: string[] = [];
  const piece = /[ \t]*(?:\[([^[\]"]+)\]|"([^[\]"]+)"|([^.[\]"\s]+))[ \t]*(\.|$)/y;
  while (piece.lastIndex < name.length) {
    const match = piece.exec(name);
    if (!match) return undefined;
    found.push(match[1] ?? match[2] ?? match[3] ?? '');
    if (match[4] === '') return found;
  }
  return undefined;
}

const withSchema = (found: string[]): string[] => (found.length === 1 ? ['dbo', ...found] : found);

/**
 * The name as it is sent to SQL Server: `[schema].[name]`, or `[database].[schema].[name]`, of the
 * very parts that `normaliseProcedureName` compares, so that the server can't read another name.
 * Undefined when the text is no such name.
 */
export function quoteProcedureName(name: string): string | undefined {
  const found = parts(name);
  if (!found || found.length > 3 || found.some((part) => NEVER_IN_PART.test(part)))
    return undefined;
  return withSchema(found)
    .map((part) => `[${part}]`)
    .join('.');
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
  return withSchema(found).join('.').toLowerCase();
}

/**
 * Whether a normalised name is one of SQL Server's own procedures, which would hand out far more
 * than one procedure (sp_executesql runs any text) and are looked up in master whatever the schema.
 */
export function isSystemProcedure(normalised: string): boolean {
  return /\.(sp_|xp_)/.test(normalised) || /^(sys|information_schema)\./.test(normalised);
}
