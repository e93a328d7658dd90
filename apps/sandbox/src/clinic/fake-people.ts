/**
 * Names and places made of syllables, all prefixed `Zz` so that nobody mistakes them for a person.
 */
import type { Draw } from './draw.js';

const onsets = 'b br c ch d dr f g gr h j k l m n p r s sh st t th v w'.split(' ');
const middles = 'a e i o u ai ea oo ar er or an en in on al el'.split(' ');
const ends = 'ton son ley ford man ra na dio ski ett by well dal wick mer vic nu quist'.split(' ');
const givenEnds = 'a ah bel en ia ie in la lyn na ni o ra ren ta us'.split(' ');
const streets = ['Street', 'Road', 'Avenue', 'Lane', 'Parade', 'Crescent'];

/** `Zzbraiton` */
export function fakeSurname(draw: Draw): string {
  return `Zz${draw.pick(onsets)}${draw.pick(middles)}${draw.pick(ends)}`;
}

/** `Zzshoren` */
export function fakeFirstName(draw: Draw): string {
  return `Zz${draw.pick(onsets)}${draw.pick(middles)}${draw.pick(givenEnds)}`;
}

/** `12 Zzbraiton Street` */
export function fakeStreet(draw: Draw): string {
  return `${draw.whole(1, 299)} ${fakeSurname(draw)} ${draw.pick(streets)}`;
}

/** An address at `example.com` that carries the patient's number, so that no two are alike. */
export function fakeEmail(firstName: string, id: number): string {
  const plain = firstName.replace(/[^A-Za-z]/g, '').toLowerCase();
  return `${plain}.${id}@example.com`;
}

export interface Suburb {
  name: string;
  state: string;
  postcode: string;
}

/** Suburbs that do not exist, with postcodes that Australia Post has not given out (all start 09). */
export const fakeSuburbs: readonly Suburb[] = [
  { name: 'Zzanbrook', state: 'NSW', postcode: '0950' },
  { name: 'Zzelford', state: 'NSW', postcode: '0951' },
  { name: 'Zzindale', state: 'VIC', postcode: '0952' },
  { name: 'Zzorwick', state: 'VIC', postcode: '0953' },
  { name: 'Zzunley', state: 'QLD', postcode: '0954' },
  { name: 'Zzarton', state: 'SA', postcode: '0955' },
  { name: 'Zzeawell', state: 'WA', postcode: '0956' },
  { name: 'Zzooby', state: 'TAS', postcode: '0957' },
];
