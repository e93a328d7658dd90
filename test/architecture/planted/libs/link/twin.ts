import { link } from './link.js';
export const twin = link;
