/** The three areas, for the routes and for the navigation. */
import type { Area } from '#apps/console/src/areas.js';
import { integratorArea } from './integrator/integrator-area.js';
import { operatorArea } from './operator/operator-area.js';
import { practiceArea } from './practice/practice-area.js';

export const allAreas: readonly Area[] = [practiceArea, integratorArea, operatorArea];
