import { readFileSync } from 'node:fs';
import { pool } from '../../../libs/db/pool.js';

export const page = [readFileSync, pool];
