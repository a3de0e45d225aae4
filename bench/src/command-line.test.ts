import { expect, test } from 'vitest';
import { readCommandLine } from './command-line.mjs';

const KNOWN = ['tokenize', 'sampler'];

test('without arguments all entries run quickly, with peers', () => {
  expect(readCommandLine([], KNOWN)).toEqual({
    names: KNOWN,
    scale: 'quick',
    withPeers: true,
    rounds: undefined,
    isHelp: false,
  });
});

test('names run in the order of the table, whatever their order on the command line', () => {
  expect(readCommandLine(['sampler', 'tokenize', '--full'], KNOWN)).toMatchObject({ names: KNOWN, scale: 'full' });
  expect(readCommandLine(['sampler', '--no-peers', '--rounds', '3'], KNOWN)).toMatchObject({
    names: ['sampler'],
    withPeers: false,
    rounds: 3,
  });
});

test.each([
  [['nothing'], 'Expected names among tokenize, sampler, received nothing.'],
  [['--quick', '--full'], 'Expected one of --quick, --full and --check, received --quick --full. Choose one.'],
  [['--rounds', '0'], 'Expected --rounds to be a whole number of at least 1, received 0.'],
  [['--fast'], 'See `pnpm bench --help`.'],
])('%j is refused with a sentence', (argv, message) => {
  expect(() => readCommandLine(argv, KNOWN)).toThrow(message);
});
