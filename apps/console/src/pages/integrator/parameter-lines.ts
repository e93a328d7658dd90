/** Parameters as lines of text: `@from Int 0`. A value may have blanks in it. */
export interface Parameter {
  name: string;
  type: string;
  value: string;
}

export function readParameters(text: string): Parameter[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, name = line, type = '', value = ''] = /^(\S+)\s+(\S+)(?:\s+(.*))?$/.exec(line) ?? [];
      return { name, type, value };
    });
}
