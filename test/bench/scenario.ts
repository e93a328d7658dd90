/** What a bench scenario is, and how its rounds are interleaved: A B A B …, ratio of medians. */
import { median } from '#test/bench/load.js';

export interface Measured {
  /** What performance.md's bar is about: a ratio, megabytes or seconds. */
  figure: number;
  unit: 'ratio' | 'MB' | 's';
  /** The medians behind it, in words. */
  product: string;
  floor: string;
}

export interface Scenario {
  id: string;
  title: string;
  bar: string;
  holds: (figure: number) => boolean;
  measure: (rounds: number) => Promise<Measured>;
}

/** Runs both sides turn by turn after one warm-up each. */
export async function interleave(
  rounds: number,
  product: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ product: number; floor: number }> {
  await floor();
  await product();
  const figures = { product: [] as number[], floor: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    figures.floor.push(await floor());
    figures.product.push(await product());
  }
  return { product: median(figures.product), floor: median(figures.floor) };
}
