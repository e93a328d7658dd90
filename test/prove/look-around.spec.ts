import { expect, test } from '@jest/globals';
import { LookAround } from '#test/prove/look-around.js';
import { EVERYWHERE, type Place } from '#test/prove/places.js';
import type { Sink } from '#test/prove/sink.js';
import { searchBytes } from '#test/support/leak-search.js';

const sent = '123456789012';

/** A place in memory. */
function aSink(name: Place, held: string[], more: Partial<Sink> = {}): Sink {
  return {
    name,
    words: name,
    search: async (markers) => {
      const bytes = Buffer.from(held.join('\n'));
      return { leaks: searchBytes(name, bytes, markers), bytesRead: bytes.length, what: 'it' };
    },
    plant: async (marker) => void held.push(Buffer.from(marker, 'utf16le').toString('hex')),
    ...more,
  };
}

async function looked(sink: Sink, plant?: Place) {
  const around = new LookAround([sent], plant === undefined ? {} : { plant });
  await around.lookAndControl([sink]);
  return { ...around.proofs[0], planted: around.planted };
}

test('a clean place holds nothing, and its control is found', async () => {
  const proof = await looked(aSink('logs', ['a line']));
  expect(proof).toMatchObject({ leaks: [], remnants: [], controlFound: true, looks: 1 });
});

test('what was sent is a leak wherever it is judged, and a remnant where it is only told', async () => {
  expect(await looked(aSink('logs', [`a ${sent} b`]))).toMatchObject({
    leaks: [{ where: 'logs', form: 'raw' }],
    remnants: [],
  });
  const told = aSink('broker-memory', [sent], { toldOnly: 'why' });
  expect(await looked(told)).toMatchObject({ leaks: [], remnants: [{ form: 'raw' }] });
});

test('a leak that is left on purpose fails the proof, also where others are only told', async () => {
  for (const more of [{}, { toldOnly: 'why' }]) {
    const proof = await looked(aSink('spool', [], more), 'spool');
    expect(proof).toMatchObject({ leaks: [{ form: 'hex of UTF-16' }], planted: [{}] });
  }
  expect(await looked(aSink('spool', []), 'logs')).toMatchObject({ leaks: [], planted: [] });
});

test('a leak can be left in each place at once, and each has a word of its own', async () => {
  const around = new LookAround([sent], { plant: EVERYWHERE });
  const names: Place[] = ['broker-memory', 'logs', 'spool'];
  const told = { toldOnly: 'why' };
  await around.lookAndControl(names.map((name) => aSink(name, [], name === names[0] ? told : {})));
  expect(around.planted.map(({ place }) => place)).toEqual(names);
  expect(around.proofs.map(({ leaks }) => leaks.map(({ marker }) => marker))).toEqual(
    around.planted.map(({ marker }) => [marker]),
  );
});

test('a place that does not see its control says so', async () => {
  const blind = aSink('logs', [], { plant: async () => undefined });
  expect(await looked(blind)).toMatchObject({ leaks: [], controlFound: false });
});

test('looks add up', async () => {
  const held: string[] = [];
  const sink = aSink('redis-keys', held);
  const around = new LookAround([sent]);
  held.push(sent);
  await around.look([sink]);
  held.pop();
  await around.lookAndControl([sink]);
  expect(around.proofs).toMatchObject([{ looks: 2, bytesRead: sent.length, leaks: [{}] }]);
});
