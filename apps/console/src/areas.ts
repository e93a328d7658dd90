/**
 * What an area of the console is: a table of pages, each with the roles that may open it. Routes and
 * navigation are both made from it, so a page cannot be in one and not in the other. What a role may
 * do is decided by the broker; this only keeps people from pages that would refuse them.
 */
import type { ComponentType } from 'react';
import type { PersonRole } from '#libs/console-api/session.js';

export interface AreaPage {
  /** Below the workplace's path; '' is its first page, e.g. `requests/:requestId`. */
  path: string;
  /** Its entry in the navigation; absent for pages that others lead to. */
  label?: string;
  roles: readonly PersonRole[];
  /** Of those, who finds it in the navigation; absent: all of them. */
  shownTo?: readonly PersonRole[];
  /** Its file, loaded when it is first opened. */
  load: () => Promise<{ default: ComponentType }>;
}

export interface Area {
  kind: 'practice' | 'integrator' | 'operator';
  /** The part of the address that the area's pages share, e.g. `/practices/:practiceId`. */
  path: string;
  pages: readonly AreaPage[];
}
