export const broker = {};
