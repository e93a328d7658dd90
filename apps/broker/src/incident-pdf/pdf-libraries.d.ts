/** As much of pdfkit and fontkit as is used here; neither brings types of its version along. */
declare module 'pdfkit' {
  export interface StructElement {
    add(child: StructElement | (() => void)): this;
    end(): void;
  }
  export interface TextOptions {
    continued?: boolean;
    width?: number;
    align?: 'left' | 'right' | 'center';
    indent?: number;
    lineGap?: number;
    lineBreak?: boolean;
    structParent?: StructElement;
    structType?: string;
  }
  export default class PDFDocument {
    constructor(options: {
      size: string;
      margins: { top: number; bottom: number; left: number; right: number };
      pdfVersion: string;
      subset: string;
      tagged: boolean;
      lang: string;
      displayTitle: boolean;
      bufferPages: boolean;
      compress: boolean;
      font: string;
      info: Record<string, string | Date>;
    });
    on(event: 'data', listener: (chunk: Buffer) => void): this;
    once(event: 'end' | 'error', listener: () => void): this;
    x: number;
    y: number;
    readonly page: { margins: { bottom: number; left: number }; width: number; height: number };
    registerFont(name: string, source: Buffer): this;
    font(name: string): this;
    fontSize(points: number): this;
    fillColor(colour: string): this;
    strokeColor(colour: string): this;
    lineWidth(points: number): this;
    moveTo(x: number, y: number): this;
    lineTo(x: number, y: number): this;
    stroke(): this;
    text(text: string, options?: TextOptions): this;
    text(text: string, x: number, y: number, options?: TextOptions): this;
    heightOfString(text: string, options?: TextOptions): number;
    moveDown(lines?: number): this;
    addPage(): this;
    struct(type: string, options?: { scope?: 'Column' | 'Row' }): StructElement;
    addStructure(element: StructElement): this;
    markContent(tag: string, options?: { type?: string }): this;
    endMarkedContent(): this;
    bufferedPageRange(): { start: number; count: number };
    switchToPage(page: number): this;
    end(): void;
  }
}

declare module 'fontkit' {
  export function create(font: Buffer): { hasGlyphForCodePoint(codePoint: number): boolean };
}
