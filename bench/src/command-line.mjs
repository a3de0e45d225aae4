import { parseArgs } from 'node:util';
import { BenchError } from './bench-error.mjs';

/** @typedef {'quick' | 'full' | 'check'} Scale */

/**
 * @typedef {object} BenchOptions
 * @property {readonly string[]} names The entries to run, in the order of the table.
 * @property {Scale} scale
 * @property {boolean} withPeers
 * @property {number | undefined} rounds In place of what the entry asks for.
 * @property {boolean} isHelp
 */

/**
 * The text of `--help`.
 *
 * @param {readonly { readonly name: string, readonly work: string }[]} entries
 */
export function helpText(entries) {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return [
    'pnpm bench [name...] [options]',
    '',
    'Runs embedbag and its Python peers side by side, round by round, checks that both computed the same,',
    'and writes bench/results/ and the table and picture of bench/README.md.',
    '',
    '  --quick       smaller sizes, 5 rounds, 2 for what takes long: the whole run in 15 minutes (default)',
    '  --full        full sizes, without a limit of time',
    '  --check       tiny sizes, 1 round: shows that everything works, and writes nothing',
    '  --rounds N    so many rounds in place of what the entry asks for',
    '  --no-peers    our side alone, without Python; writes nothing',
    '  --help        this text',
    '',
    ...entries.map(({ name, work }) => `  ${name.padEnd(width)}  ${work}`),
    '',
    'EMBEDBAG_BENCH_PYTHON names a Python that has the packages of bench/python/requirements.txt; without it, they are',
    'installed into bench/.python (torch for Linux brings several GB along).',
    '',
  ].join('\n');
}

/** @param {readonly string[]} argv */
function parse(argv) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        full: { type: 'boolean' },
        check: { type: 'boolean' },
        rounds: { type: 'string' },
        'no-peers': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new BenchError(`${error instanceof Error ? error.message : error} See \`pnpm bench --help\`.`, {
      cause: error,
    });
  }
}

/**
 * Throws a {@link BenchError} for what is no option and no entry.
 *
 * @param {readonly string[]} argv Without the program.
 * @param {readonly string[]} known The names of all entries, in the order of the table.
 * @returns {BenchOptions}
 */
export function readCommandLine(argv, known) {
  const { values, positionals } = parse(argv);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new BenchError(`Expected names among ${known.join(', ')}, received ${unknown.join(', ')}.`);
  }
  const scales = /** @type {const} */ (['quick', 'full', 'check']).filter((scale) => values[scale] === true);
  if (scales.length > 1) {
    throw new BenchError(`Expected one of --quick, --full and --check, received --${scales.join(' --')}. Choose one.`);
  }
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && (!Number.isInteger(rounds) || rounds < 1)) {
    throw new BenchError(`Expected --rounds to be a whole number of at least 1, received ${values.rounds}.`);
  }
  return {
    names: positionals.length === 0 ? known : known.filter((name) => positionals.includes(name)),
    scale: scales[0] ?? 'quick',
    withPeers: values['no-peers'] !== true,
    rounds,
    isHelp: values.help === true,
  };
}
