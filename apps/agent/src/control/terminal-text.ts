/**
 * Text of others on a terminal: what comes from the broker is shown without control characters and
 * line ends, so that it can't paint the screen or pose as a line of ours.
 */
const PAINTING = /[\p{C}\p{Zl}\p{Zp}]/gu;
const PAINTING_IN_JSON = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu;

/** One line, with a question mark for each character that is not for showing. */
export const plain = (text: string): string => text.replace(PAINTING, '?');

/** JSON over several lines that means exactly `value` and holds only characters for showing. */
export const plainJson = (value: object): string =>
  JSON.stringify(value, undefined, 2).replace(PAINTING_IN_JSON, (character) =>
    Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
