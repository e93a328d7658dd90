import '../../apps/broker/src/main.js';
import './twin.js';
export const link = {};
