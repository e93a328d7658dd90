import { describe, expect, test } from '@jest/globals';
import { Draw } from './draw.js';
import {
  fakeAbn,
  fakeDvaNumber,
  fakeHealthcareIdentifier,
  fakeLandline,
  fakeMedicare,
  fakeMobile,
  fakePrescriberNumber,
  fakeProviderNumber,
} from './fake-identifiers.js';
import {
  acmaFictionalMobiles,
  isRealAbn,
  isRealDvaNumber,
  isRealEmail,
  isRealHealthcareIdentifier,
  isRealMedicare,
  isRealPhone,
  isRealPrescriberNumber,
  isRealProviderNumber,
  medicareCheckDigit,
} from './identifiers.js';

describe('strict checks', () => {
  test.each([
    ['Medicare', isRealMedicare, '3189977021', '3189977011'],
    ['Medicare with reference', isRealMedicare, '3189 97702 1 1', '3189 97702 1 0'],
    ['IHI', isRealHealthcareIdentifier, '8003608166690503', '8003608166690504'],
    ['provider', isRealProviderNumber, '4024742F', '4024742H'],
    ['provider in a padded column', isRealProviderNumber, '4024742F  ', '402474ZF  '],
    ['prescriber with a leading zero', isRealPrescriberNumber, '0848402', '0848403'],
    ['prescriber', isRealPrescriberNumber, '2425739', '2425730'],
    ['DVA', isRealDvaNumber, 'NX123456', 'ZX123456'],
    ['DVA with a blank war code', isRealDvaNumber, 'W 1', 'Z 1'],
    ['ABN', isRealAbn, '51824753556', '51824753557'],
    ['ABN in groups', isRealAbn, '51 824 753 556', '61 824 753 556'],
    ['mobile', isRealPhone, '0412 345 678', '0491 570 006'],
    ['international mobile', isRealPhone, '+61 412 345 678', '+61 491 570 006'],
    ['landline', isRealPhone, '(02) 9374 4000', '(02) 5550 4000'],
    ['1300 number', isRealPhone, '1300 123 456', '1200 123 456'],
    ['e-mail', isRealEmail, 'zz@example.org', 'zz@example.com'],
    ['e-mail of a look-alike', isRealEmail, 'zz@example.com.au', 'zz@EXAMPLE.com'],
  ] as const)('%s: the real form passes and its neighbour does not', (_kind, check, real, fake) => {
    expect(check(real)).toBe(true);
    expect(check(fake)).toBe(false);
  });

  test('ACMA set aside thirty mobile numbers', () => {
    expect(new Set(acmaFictionalMobiles).size).toBe(30);
  });
});

describe('makers of fakes', () => {
  const draws = Array.from({ length: 2_000 }, (_, row) => new Draw('fakes', 'any', row));

  test.each([
    ['Medicare', fakeMedicare, isRealMedicare],
    ['IHI', (draw: Draw) => fakeHealthcareIdentifier(draw, '800360'), isRealHealthcareIdentifier],
    ['HPI-O', (draw: Draw) => fakeHealthcareIdentifier(draw, '800362'), isRealHealthcareIdentifier],
    ['provider', fakeProviderNumber, isRealProviderNumber],
    ['prescriber', fakePrescriberNumber, isRealPrescriberNumber],
    ['DVA', fakeDvaNumber, isRealDvaNumber],
    ['ABN', fakeAbn, isRealAbn],
    ['mobile', fakeMobile, isRealPhone],
    ['landline', fakeLandline, isRealPhone],
  ] as const)('no %s of two thousand is real', (_kind, make, isReal) => {
    expect(draws.map((draw) => make(draw)).filter((text) => isReal(text))).toEqual([]);
  });

  test('a fake Medicare number leads with 9 and carries the right check digit', () => {
    for (const draw of draws) {
      const digits = fakeMedicare(draw);
      expect(digits).toMatch(/^9\d{8}[1-9]$/);
      expect(medicareCheckDigit(digits)).toBe(Number(digits[8]));
    }
  });
});
