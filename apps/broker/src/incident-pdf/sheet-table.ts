/** A table on a sheet: tagged, its head said again at the top of each further page. */
import type PDFDocument from 'pdfkit';
import type { StructElement } from 'pdfkit';

export interface SheetColumn {
  label: string;
  isNumber?: boolean;
  /** Points; absent: what the others leave. */
  width?: number;
}

export interface TablePlace {
  document: PDFDocument;
  parent: StructElement;
  left: number;
  width: number;
  /** Where a page's text ends. */
  bottom: number;
  line: string;
}

const PADDING = 4;
const SIZE = 8.5;
const options = { lineGap: 1 } as const;

/** Rows as short texts: one that is taller than a page is no row. pdfkit's own tables take 80 times as long. */
export function writeTable(
  place: TablePlace,
  columns: readonly SheetColumn[],
  rows: readonly (readonly string[])[],
): void {
  const { document, parent, bottom } = place;
  const widths = widthsOf(columns, place.width);
  const head = columns.map(({ label }) => label);
  const first = [head, rows[0] ?? []].map((cells) => heightOf(document, cells, widths));
  // A head alone at the foot of a page says nothing.
  if (first.reduce((sum, height) => sum + height, document.y) > bottom) document.addPage();
  const table = document.struct('Table');
  parent.add(table);
  writeRow(place, table, { cells: head, widths, columns, isHead: true });
  for (const cells of rows) {
    if (document.y + heightOf(document, cells, widths) > bottom) {
      document.addPage();
      writeRow(place, undefined, { cells: head, widths, columns, isHead: true });
    }
    writeRow(place, table, { cells, widths, columns, isHead: false });
  }
  table.end();
  document.x = place.left;
}

function widthsOf(columns: readonly SheetColumn[], whole: number): number[] {
  const left = columns.reduce((rest, { width = 0 }) => rest - width, whole);
  const shares = columns.filter(({ width }) => width === undefined).length;
  return columns.map(({ width }) => width ?? left / shares);
}

function heightOf(
  document: PDFDocument,
  cells: readonly string[],
  widths: readonly number[],
): number {
  document.font('plain').fontSize(SIZE);
  const heights = cells.map((text, at) =>
    document.heightOfString(text, { ...options, width: (widths[at] ?? 0) - 2 * PADDING }),
  );
  return Math.max(0, ...heights) + 2 * PADDING;
}

interface Row {
  cells: readonly string[];
  widths: readonly number[];
  columns: readonly SheetColumn[];
  isHead: boolean;
}

/** @param table absent: said again for the eye alone */
function writeRow(place: TablePlace, table: StructElement | undefined, row: Row): void {
  const { document, left, width, line } = place;
  const { cells, widths, columns, isHead } = row;
  const height = heightOf(document, cells, widths);
  const top = document.y;
  document.font(isHead ? 'bold' : 'plain');
  const draw = (at: number): void => {
    const x = left + widths.slice(0, at).reduce((sum, one) => sum + one, PADDING);
    const align = columns[at]?.isNumber ? 'right' : 'left';
    const cell = { ...options, align, width: (widths[at] ?? 0) - 2 * PADDING } as const;
    document.text(cells[at] ?? '', x, top + PADDING, cell);
  };
  const aside = (act: () => void): void => {
    document.markContent('Artifact', { type: 'Layout' });
    act();
    document.endMarkedContent();
  };
  if (table) {
    const tr = document.struct('TR');
    table.add(tr);
    cells.forEach((_, at) => {
      const isHeading = isHead || at === 0;
      const scope = isHead ? 'Column' : 'Row';
      const cell = document.struct(isHeading ? 'TH' : 'TD', isHeading ? { scope } : {});
      tr.add(cell);
      cell.add(() => draw(at)).end();
    });
    tr.end();
  } else {
    aside(() => cells.forEach((_, at) => draw(at)));
  }
  const foot = top + height;
  aside(() =>
    document
      .lineWidth(0.5)
      .strokeColor(line)
      .moveTo(left, foot)
      .lineTo(left + width, foot)
      .stroke(),
  );
  document.y = foot;
}
