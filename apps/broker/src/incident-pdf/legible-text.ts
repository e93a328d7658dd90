/**
 * Text as a font can draw it. What it has no sign for is spelt by its number, so that no name loses a letter
 * unseen; what would turn the order of the letters around is spelt too, for nobody should read another name
 * than is there.
 */

/** Control characters but the line feed, and those that order letters from the other side. */
const UNSEEN = /[\p{Cc}\u200E\u200F\u061C\u202A-\u202E\u2066-\u2069]/u;
/** Joins what stands beside it, or says how it looks: without a sign of its own. */
const SILENT = /\p{Default_Ignorable_Code_Point}/u;

/** A word that is read from the right takes the space after it to its left side when it is drawn. */
const FROM_THE_RIGHT = /([\p{Script=Arabic}\p{Script=Hebrew}]) (?! |$)/gu;

const number = (character: string): string =>
  `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

/** @param hasSign whether the font can draw this code point */
export function legibleText(text: string, hasSign: (codePoint: number) => boolean): string {
  const lines = text.normalize('NFC').replaceAll(/\r\n?/g, '\n').replaceAll('\t', '    ');
  const spaced = lines.replaceAll(FROM_THE_RIGHT, '$1  ');
  return Array.from(spaced, (character) => {
    if (character === '\n') return character;
    const isTrick = UNSEEN.test(character);
    if (!isTrick && SILENT.test(character)) return '';
    const isDrawn = !isTrick && hasSign(character.codePointAt(0) ?? 0);
    return isDrawn ? character : number(character);
  }).join('');
}
