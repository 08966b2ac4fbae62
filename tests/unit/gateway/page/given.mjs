// What the tests of several files need, from where the test that runs these files says it is.
import { readFileSync } from 'node:fs';

export const WORD_LIST = readFileSync(process.env.WORD_LIST, 'utf8').trim().split('\n');
export const VECTORS = JSON.parse(readFileSync(process.env.VECTORS, 'utf8'));
