// The words of BIP-39, where the test that runs these files says they are.
import { readFileSync } from 'node:fs';

export const WORD_LIST = readFileSync(process.env.WORD_LIST, 'utf8').trim().split('\n');
