/**
 * Makes calls that come while one is running share the next run: however often something is said to
 * have changed, it is read by one reader at a time, and whoever calls still gets a run that began
 * after the call.
 *
 * @param run must not be run twice at once
 * @returns resolves, or rejects, with the run that stands for the call
 */
export function coalesce(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    next = undefined;
    const own = run().finally(() => {
      if (running === own) running = undefined;
    });
    running = own;
    return own;
  };
  return () => {
    if (!running) return start();
    next ??= running.then(start, start);
    return next;
  };
}
