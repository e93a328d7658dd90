/** What is typed after `npm run prove --`. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkout } from '#deploy/dev/programs.js';
import { EVERYWHERE, places, type Planting } from '#test/prove/places.js';

export const databases = ['postgresql', 'embedded'] as const;
export type DatabaseKind = (typeof databases)[number];

const MOST_REST_SECONDS = 3_600;

export interface ProveOptions {
  databases: readonly DatabaseKind[];
  restSeconds: number;
  plant?: Planting;
  out: string;
}

export const proveHelp = `npm run prove -- [options]

  --database KIND   ${databases.join(' or ')}: this one alone (both, one after the other)
  --rest SECONDS    from the last answer to the look at memory (30)
  --plant PLACE     leaves a word in that place, or in each of them (${EVERYWHERE}), before it is searched:
                    the proof has to fail
  --out FOLDER      where the report goes (.conduit/proof)
  --help

Places: ${places.slice(0, 7).join(', ')},
        ${places.slice(7, 13).join(', ')},
        ${places.slice(13).join(', ')}

Writes the report as text and as JSON. Ends with 0 when the proof holds, with 1 when anything was found
or nothing was proven, with 2 when these words make no sense, with 3 when a word that --plant left was not
found, with 4 when nothing was found but something could not be searched here: PostgreSQL without its server
programs, its dump without pg_dump, the file and memory of a Redis that runs already. The report names it;
--database embedded asks for no PostgreSQL.
`;

function typed(words: string[]) {
  const { values } = parseArgs({
    args: words,
    options: {
      database: { type: 'string' },
      rest: { type: 'string', default: '30' },
      plant: { type: 'string' },
      out: { type: 'string', default: join(checkout, '.conduit', 'proof') },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

/** @returns what is wrong with them, in words for whoever typed them */
export function readProveOptions(words: string[]): ProveOptions | 'help' | { wrong: string } {
  let values: ReturnType<typeof typed>;
  try {
    values = typed(words);
  } catch (error) {
    return { wrong: (error as Error).message };
  }
  const { database, plant, rest, out } = values;
  if (values.help) return 'help';
  const kinds = databases.filter((kind) => database === undefined || kind === database);
  const place = [...places, EVERYWHERE].find((name) => name === plant) as Planting | undefined;
  const restSeconds = Number(rest);
  if (kinds.length === 0) return { wrong: `--database must be ${databases.join(' or ')}.` };
  if (plant !== undefined && place === undefined) return { wrong: `There is no place ${plant}.` };
  if (!/^\d+$/.test(rest) || restSeconds > MOST_REST_SECONDS)
    return { wrong: `--rest must be a whole number of seconds up to ${MOST_REST_SECONDS}.` };
  return { databases: kinds, restSeconds, out, ...(place && { plant: place }) };
}
