export { page } from '../practice/page.js';
