/**
 * Practice management systems by the two spellings of the wire contract: `pmsType` and the name
 * that pairing and search use. The last two extend the contract's lists where a site is declared so.
 */
export const pmsNames = {
  BestPractice: 'Best Practice',
  Zedmed: 'Zedmed',
  D4w: 'D4w',
  MedicalDirector: 'Medical Director',
  Sandbox: 'Sandbox',
} as const;
export type PmsType = keyof typeof pmsNames;

export const pmsTypes = Object.keys(pmsNames) as PmsType[];
export const pmsSpellings: readonly string[] = [
  ...new Set([...Object.values(pmsNames), ...pmsTypes]),
];

/** Either spelling. */
export function pmsTypeOf(name: string): PmsType | undefined {
  return pmsTypes.find((type) => type === name || pmsNames[type] === name);
}
