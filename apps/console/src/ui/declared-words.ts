/** What companies declare, as people read it. */
const regions = new Intl.DisplayNames(['en-AU'], { type: 'region' });

/** @param code ISO 3166-1 alpha-2; anything else comes back as it is */
export function countryName(code: string): string {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Eleven digits as the register writes them: `51 824 753 556`. */
export const spacedAbn = (abn: string): string =>
  abn.replace(/^(\d{2})(\d{3})(\d{3})(\d{3})$/, '$1 $2 $3 $4');
