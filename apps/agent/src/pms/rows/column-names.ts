/**
 * JSON keys for a result set. SQL Server allows several columns of one name and columns without a
 * name; a JSON object does not.
 */

/**
 * The first column of a name keeps it, the next become `name_2`, `name_3`…; a column without a name
 * is `column_<position>`, counted from 1. A made name never takes one that another column really
 * has, so the same columns always get the same keys.
 * @returns one distinct key a column, in order
 */
export function columnKeys(names: readonly string[]): string[] {
  const real = new Set(names);
  const used = new Set<string>();
  return names.map((name, index) => {
    const wanted = name === '' ? `column_${index + 1}` : name;
    const free = name === '' ? !real.has(wanted) && !used.has(wanted) : !used.has(wanted);
    const key = free ? wanted : suffixed(wanted, real, used);
    used.add(key);
    return key;
  });
}

function suffixed(name: string, real: Set<string>, used: Set<string>): string {
  for (let count = 2; ; count += 1) {
    const candidate = `${name}_${count}`;
    if (!real.has(candidate) && !used.has(candidate)) return candidate;
  }
}
