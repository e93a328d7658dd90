/**
 * A document of headings, paragraphs, facts and tables as PDF/UA: tagged, titled, its text selectable, its
 * fonts within. The same calls make the same bytes: nothing in it is of chance or of this machine's clock.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import type PDFDocument from 'pdfkit';
import type { StructElement } from 'pdfkit';
import { legibleText } from '#apps/broker/src/incident-pdf/legible-text.js';
import { writeTable, type SheetColumn } from '#apps/broker/src/incident-pdf/sheet-table.js';

const fonts = {
  plain: 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf',
  bold: 'dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf',
} as const;
const sizes = { h1: 20, h2: 14, h3: 11, text: 9.5, small: 8 } as const;
const spaces = { h1: 4, h2: 16, h3: 10 } as const;
const colours = { text: '#16201f', quiet: '#4d5a59', accent: '#0b6464', line: '#d5dcdc' } as const;
const MARGIN = 56;
const FOOT = 64;
/** A heading goes to the next page rather than stand alone at the foot of one. */
const ROOM_AFTER_HEADING = 60;

export interface SheetChoices {
  title: string;
  /** On each page. */
  foot: string;
  /** ISO 8601. */
  madeAt: string;
}

export class PdfSheet {
  private readonly chunks: Buffer[] = [];
  private readonly root: StructElement;

  private constructor(
    private readonly document: PDFDocument,
    private readonly hasSign: (codePoint: number) => boolean,
    private readonly foot: string,
  ) {
    document.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    this.root = document.struct('Document');
    document.addStructure(this.root);
  }

  /** The libraries are loaded when somebody wants a sheet: nobody else waits for them. */
  static async open({ title, foot, madeAt }: SheetChoices): Promise<PdfSheet> {
    const { default: Document } = await import('pdfkit');
    const fontkit = await import('fontkit');
    const { resolve } = createRequire(import.meta.url);
    const [plain, bold] = [readFileSync(resolve(fonts.plain)), readFileSync(resolve(fonts.bold))];
    const font = fontkit.create(plain);
    const hasSign = (codePoint: number): boolean => font.hasGlyphForCodePoint(codePoint);
    const document = new Document({
      ...{ size: 'A4', pdfVersion: '1.7', subset: 'PDF/UA', lang: 'en-AU', font: '' },
      ...{ tagged: true, displayTitle: true, bufferPages: true, compress: true },
      margins: { top: MARGIN, bottom: FOOT, left: MARGIN, right: MARGIN },
      info: {
        Title: legibleText(title, hasSign),
        ...{ Producer: 'Conduit', Creator: 'Conduit', CreationDate: new Date(madeAt) },
      },
    });
    document.registerFont('plain', plain).registerFont('bold', bold);
    return new PdfSheet(document, hasSign, foot);
  }

  heading(level: 1 | 2 | 3, text: string): void {
    const { document } = this;
    const look = `h${level}` as const;
    if (document.y + ROOM_AFTER_HEADING > document.page.height - FOOT) document.addPage();
    else if (document.y > MARGIN) document.y += spaces[look];
    const colour = level === 3 ? colours.text : colours.accent;
    this.write(text, { size: sizes[look], font: 'bold', colour, tag: `H${level}` });
    document.y += 3;
  }

  paragraph(text: string, { isQuiet = false, isBold = false } = {}): void {
    const look = {
      size: isQuiet ? sizes.small : sizes.text,
      font: isBold ? 'bold' : 'plain',
      colour: isQuiet ? colours.quiet : colours.text,
    } as const;
    // Blank lines part paragraphs, as whoever wrote the text meant it.
    for (const part of text.split(/\n{2,}/)) this.write(part, { ...look, tag: 'P' });
  }

  fact(label: string, text: string): void {
    const { document } = this;
    document.fontSize(sizes.text).fillColor(colours.text).font('bold');
    document.text(`${this.legible(label)}: `, MARGIN, document.y, {
      ...{ continued: true, structParent: this.root, structType: 'P', lineGap: 2 },
    });
    document.font('plain').text(this.legible(text), { lineGap: 2 });
    document.y += 2;
  }

  table(columns: readonly SheetColumn[], rows: readonly (readonly string[])[]): void {
    const { document } = this;
    document.y += 4;
    document.fillColor(colours.text);
    const place = {
      ...{ document, parent: this.root, left: MARGIN, line: colours.line },
      width: document.page.width - 2 * MARGIN,
      bottom: document.page.height - FOOT,
    };
    writeTable(
      place,
      columns.map((column) => ({ ...column, label: this.legible(column.label) })),
      rows.map((row) => row.map((text) => this.legible(text))),
    );
    document.y += 8;
  }

  /** Lets other work of this thread run before the next piece. */
  async pause(): Promise<void> {
    await setImmediate();
  }

  nextPage(): void {
    this.document.addPage();
  }

  async finish(): Promise<Buffer> {
    this.root.end();
    this.writeFeet();
    const ended = new Promise<void>((resolve, reject) =>
      this.document.once('end', resolve).once('error', reject),
    );
    this.document.end();
    await ended;
    return Buffer.concat(this.chunks);
  }

  private write(
    text: string,
    look: { size: number; font: 'plain' | 'bold'; colour: string; tag: string },
  ): void {
    const { document } = this;
    document.font(look.font).fontSize(look.size).fillColor(look.colour);
    document.text(this.legible(text), MARGIN, document.y, {
      ...{ structParent: this.root, structType: look.tag, lineGap: 2 },
    });
    document.y += 4;
  }

  /** Not part of what is read out. */
  private writeFeet(): void {
    const { document } = this;
    const { start, count } = document.bufferedPageRange();
    for (let page = start; page < start + count; page += 1) {
      document.switchToPage(page);
      // Else the text below the margin would begin a page of its own.
      document.page.margins.bottom = 0;
      document.markContent('Artifact', { type: 'Pagination' });
      document.font('plain').fontSize(sizes.small).fillColor(colours.quiet);
      const y = document.page.height - FOOT + 24;
      document.text(this.legible(this.foot), MARGIN, y, { lineBreak: false });
      const words = `Page ${page - start + 1} of ${count}`;
      const width = document.page.width - 2 * MARGIN;
      document.text(words, MARGIN, y, { width, align: 'right' });
      document.endMarkedContent();
    }
  }

  private legible(text: string): string {
    return legibleText(text, this.hasSign);
  }
}
