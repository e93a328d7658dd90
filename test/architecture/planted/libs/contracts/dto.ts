import '../link/link.js';
export const dto = {};
