import '../db/pool.js';
export const catalogue = {};
