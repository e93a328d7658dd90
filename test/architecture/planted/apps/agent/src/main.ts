import '../../broker/src/main.js';
import '../../../libs/db/pool.js';
export const agent = {};
