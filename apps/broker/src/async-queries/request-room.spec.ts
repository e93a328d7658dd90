import { expect, test } from '@jest/globals';
import { RequestRoom } from '#apps/broker/src/async-queries/request-room.js';

const MB = 1024 * 1024;
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('large requests wait for each other, small ones fit in between', async () => {
  const room = new RequestRoom();
  const went: string[] = [];
  const go = async (name: string, bytes: number): Promise<() => void> => {
    const leave = await room.take(bytes);
    went.push(name);
    return leave;
  };
  const leaveFirst = await go('first', 50 * MB);
  const second = go('second', 60 * MB);
  const leaveSmall = await go('small', 5 * MB);
  await soon();
  expect(went).toEqual(['first', 'small']);
  leaveFirst();
  await soon();
  expect(went).toEqual(['first', 'small']);
  leaveSmall();
  (await second)();
  expect(went).toEqual(['first', 'small', 'second']);
});

test('one that is larger than the room goes alone', async () => {
  const room = new RequestRoom();
  (await room.take(1_000 * MB))();
  (await room.take(1_000 * MB))();
});
