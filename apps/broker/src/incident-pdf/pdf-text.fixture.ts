/** What can be selected in a PDF of ours: the words that its pages show, by its fonts' own tables. */
import { inflateSync } from 'node:zlib';

/** Objects by number: the dictionary's text, and its stream unpacked. */
function objectsOf(pdf: Buffer): Map<number, { head: string; body: string }> {
  const text = pdf.toString('latin1');
  const found = new Map<number, { head: string; body: string }>();
  for (const { 1: number, 2: whole = '' } of text.matchAll(/^(\d+) 0 obj\n([\s\S]*?)\nendobj$/gm)) {
    const [head = '', packed] = whole.split(/\nstream\n/);
    const bytes = Buffer.from((packed ?? '').replace(/\nendstream$/, ''), 'latin1');
    const body = head.includes('/FlateDecode')
      ? inflateSync(bytes).toString('latin1')
      : String(bytes);
    found.set(Number(number), { head, body });
  }
  return found;
}

const unicode = (hex: string): string =>
  Buffer.from(hex.replaceAll(' ', ''), 'hex').swap16().toString('utf16le');

/** Glyph number to what it stands for. */
function signsOf(cmap: string): Map<number, string> {
  const signs = new Map<number, string>();
  for (const { 1: first = '', 2: list = '' } of cmap.matchAll(
    /<([\da-f]+)> <[\da-f]+> \[(.*)\]/g,
  )) {
    [...list.matchAll(/<([\da-f ]*)>/g)].forEach(({ 1: hex = '' }, at) =>
      signs.set(parseInt(first, 16) + at, unicode(hex)),
    );
  }
  return signs;
}

/** @returns one string a page, in the order in which it is written; lines are not told apart */
export function pdfPages(pdf: Buffer): string[] {
  const objects = objectsOf(pdf);
  const bodyOf = (reference: string | undefined): string =>
    objects.get(Number(reference))?.body ?? '';
  const pages = [...objects.values()].filter(({ head }) => /\/Type \/Page\b/.test(head));
  return pages.map(({ head }) => {
    const resources = objects.get(Number(/\/Resources (\d+) 0 R/.exec(head)?.[1]))?.head ?? '';
    const fonts = new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(({ 1: name = '', 2: font }) => {
        const cmap = /\/ToUnicode (\d+) 0 R/.exec(objects.get(Number(font))?.head ?? '')?.[1];
        return [name, signsOf(bodyOf(cmap))];
      }),
    );
    const content = bodyOf(/\/Contents (\d+) 0 R/.exec(head)?.[1]);
    let font = new Map<number, string>();
    const words: string[] = [];
    for (const { 1: name, 2: shown } of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[(.*?)\] TJ/g)) {
      if (name !== undefined) font = fonts.get(name) ?? new Map<number, string>();
      const glyphs = [...(shown ?? '').matchAll(/<([\da-f]+)>/g)]
        .map(({ 1: hex = '' }) => hex)
        .join('');
      const line = (glyphs.match(/.{4}/g) ?? []).map((one) => font.get(parseInt(one, 16)) ?? '?');
      if (shown !== undefined) words.push(line.join(''));
    }
    return words.join(' ').replaceAll(/\s+/g, ' ');
  });
}
