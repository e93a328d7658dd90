/** Makes the compiler prove that a switch names every case; throws if data from outside breaks that proof. */
export function exhaustive(value: never): never {
  throw new Error(`unhandled case of type ${typeof value}`);
}
