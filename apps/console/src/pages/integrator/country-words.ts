const regions = new Intl.DisplayNames(['en-AU'], { type: 'region' });

/** @param code ISO 3166-1 alpha-2; anything else comes back as it is */
export function countryName(code: string): string {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}
