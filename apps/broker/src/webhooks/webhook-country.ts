/**
 * Whether an endpoint is in a country that its integrator declares, as far as words go. What an address
 * table knows of its addresses is looked at besides.
 */
export type CountryDoubt = 'none-declared' | 'not-declared' | 'not-said';

/**
 * @param said by the endpoint; null: nothing, so it is wherever everything of its integrator is
 * @param declared by its integrator
 * @param hasTable then the addresses say which of several it is
 */
export function countryDoubt(
  said: string | null,
  declared: readonly string[],
  hasTable: boolean,
): CountryDoubt | undefined {
  if (declared.length === 0) return 'none-declared';
  if (said !== null) return declared.includes(said) ? undefined : 'not-declared';
  return hasTable || declared.length === 1 ? undefined : 'not-said';
}
