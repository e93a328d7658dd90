import type { DeclineReason } from '#libs/console-api/practice.js';

export const declineWords: Record<DeclineReason, string> = {
  unknown: 'We don’t know who this is',
  'not-wanted': 'We don’t want this software',
  'too-wide': 'It asks for too much',
  other: 'Another reason',
};
