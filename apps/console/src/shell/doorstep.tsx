/** The frame of pages that need nobody signed in: the mark, and one thing in the middle. */
import { Outlet } from 'react-router';
import { Mark } from '#apps/console/src/ui/mark.js';

export function Doorstep() {
  return (
    <div className="doorstep">
      <header className="doorstep__head">
        <Mark />
      </header>
      <main className="doorstep__main">
        <Outlet />
      </main>
    </div>
  );
}
