/** Shown only when something takes longer than a blink: the style sheet holds it back at first. */
export function Loading({ what = 'Loading' }: { what?: string }) {
  return (
    <div className="loading" role="status">
      <span className="loading__mark" aria-hidden="true" />
      {what}…
    </div>
  );
}
