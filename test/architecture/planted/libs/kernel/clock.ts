import '../errors/catalogue.js';
export const now = (): number => 0;
