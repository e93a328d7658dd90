/** Charts come in a file of their own, loaded when one is on the screen. */
import { lazy, Suspense } from 'react';
import type { ChartProps } from './chart-drawing.js';
import { Loading } from './loading.js';

const Drawing = lazy(() => import('./chart-drawing.js'));

/** The figures in words or in a table belong beside it: nobody should need to read a curve. */
export function Chart(props: ChartProps) {
  return (
    <figure className="chart-frame">
      <div className="chart">
        <Suspense fallback={<Loading />}>
          <Drawing {...props} />
        </Suspense>
      </div>
      <figcaption className="quiet">{props.caption}</figcaption>
    </figure>
  );
}
