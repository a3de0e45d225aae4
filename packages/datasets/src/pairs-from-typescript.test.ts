import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderWith, refusal } from './fixtures/folder.js';
import { pairsFromTypeScript } from './pairs-from-typescript.js';
import type { SplitPairs } from './text-pairs.js';

const DECLARATIONS = `
/** This comment is about the file. */

/** The \`node:fs\` module works with files. */
declare module "node:fs" {
  /**
   * Opens a **stream** that reads [a file](https://example.com/a_(b)).
   * \`\`\`js
   * createReadStream('not prose');
   * \`\`\`
   * See {@link ReadStream} and {@link Stats.size the size}.
   * @since v1
   * @param path Not prose either
   * @returns The new stream
   */
  export function createReadStream(path: string, options?: {
    /** Where reading begins, in bytes. */
    start?: number;
  }): ReadStream;
  interface Stats {
    /** Size of the file in bytes. */
    readonly size: number;
    /** @deprecated Not for use any more. */
    old: number;
    /** Two words */
    short: number;
    /** @internal Not for readers of documentation. */
    hidden: number;
  }
  namespace fs {
    /** Whether the thing at a path exists. */
    function exists(): void;
  }
}
interface ArrayConstructor {
  /** Tells whether a value is an array. */
  isArray(value: unknown): boolean;
}
/** The global list of all things. */
declare var things: { /** Adds one thing to it. */ add(): void };
interface List {
  /** Goes through the items in order. */
  [Symbol.iterator](): void;
  /** Adds one thing to it. */
  push(): void; /** This is about push. */
  /**
   * Takes the last item away.
   *
   * [MDN](https://developer.mozilla.org/docs).
   */
  pop(): void;
  /** Another sentence about the same member. */
  pop(count: number): void;
}
declare const enum Level {
  /** Only what went wrong. */
  Error = 1,
}
export class Reader {
  /** Builds a reader of lines. */
  constructor();
  read(): void {
    /** A comment inside a body is code. */
    const local = 1;
  }
}
`;

async function pairs(options?: Parameters<typeof pairsFromTypeScript>[1]): Promise<SplitPairs> {
  return pairsFromTypeScript(folderWith({ 'a.d.ts': DECLARATIONS }), { heldOutShare: 0, ...options });
}

describe('pairsFromTypeScript', () => {
  test('pairs each symbol with the prose of its comment', async () => {
    const { train, heldOut } = await pairs();
    expect(train.titles.map((title, row) => [title, train.positives[row]])).toEqual([
      ['fs', 'The node:fs module works with files.'],
      ['fs.createReadStream', 'Opens a stream that reads a file. See ReadStream and the size. The new stream.'],
      ['fs.createReadStream.options.start', 'Where reading begins, in bytes.'],
      ['fs.Stats.size', 'Size of the file in bytes.'],
      ['fs.exists', 'Whether the thing at a path exists.'],
      ['Array.isArray', 'Tells whether a value is an array.'],
      ['things', 'The global list of all things.'],
      ['things.add', 'Adds one thing to it.'],
      ['List.iterator', 'Goes through the items in order.'],
      ['List.pop', 'Takes the last item away.'],
      ['Level.Error', 'Only what went wrong.'],
      ['Reader', 'Builds a reader of lines.'],
    ]);
    expect(heldOut.anchors).toEqual([]);
  });

  test('writes anchors as words, or as the path when told', async () => {
    expect((await pairs()).train.anchors.slice(0, 4)).toEqual([
      'fs',
      'fs create read stream',
      'fs create read stream options start',
      'fs stats size',
    ]);
    expect((await pairs({ anchor: 'path' })).train.anchors[1]).toBe('fs.createReadStream');
  });

  test('drops prose of few words and cuts long prose after a sentence', async () => {
    const { train } = await pairs({ minWords: 2, maxCharacters: 40 });
    expect(train.titles).toContain('fs.Stats.short');
    expect(train.positives[1]).toBe('Opens a stream that reads a file.');
  });

  test('holds out by the last name alone, the same for a seed', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `name${index}x`);
    const source = names.flatMap((name) =>
      ['A', 'B'].map((owner) => `interface ${owner} { /** What ${name} of ${owner} is. */ ${name}: 1 }\n`),
    );
    const folder = folderWith({ 'a.ts': source.join('') });
    const { train, heldOut } = await pairsFromTypeScript(folder, { heldOutShare: 0.25 });
    const last = (titles: readonly string[]): Set<string> => new Set(titles.map((title) => title.slice(2)));
    expect(train.titles.length + heldOut.titles.length).toBe(800);
    expect(heldOut.titles).toHaveLength(last(heldOut.titles).size * 2);
    expect([...last(heldOut.titles)].filter((name) => last(train.titles).has(name))).toEqual([]);
    expect(last(heldOut.titles).size).toBeGreaterThan(70);
    expect(last(heldOut.titles).size).toBeLessThan(130);
    expect(await pairsFromTypeScript(folder, { heldOutShare: 0.25 })).toEqual({ train, heldOut });
    expect(await pairsFromTypeScript(folder, { heldOutShare: 0.25, seed: 1 })).not.toEqual({ train, heldOut });
  });

  test('reads folders in order and passes over node_modules and hidden folders unless told', async () => {
    const declare = (name: string): string => `/** What ${name} is for. */ declare const ${name}: 1;`;
    const folder = folderWith({
      'b.ts': declare('b'),
      'a/c.mts': declare('c'),
      'a.js': declare('j'),
      'node_modules/x/d.d.ts': declare('d'),
      '.hidden/e.ts': declare('e'),
    });
    expect((await pairsFromTypeScript(folder, { heldOutShare: 0 })).train.titles).toEqual(['b', 'c']);
    const { train } = await pairsFromTypeScript(folder, { heldOutShare: 0, includeNodeModules: true });
    expect(train.titles).toEqual(['b', 'c', 'd']);
    const own = await pairsFromTypeScript([join(folder, 'node_modules'), join(folder, 'a.js')], { heldOutShare: 0 });
    expect(own.train.titles).toEqual(['d', 'j']);
  });

  test('refuses a missing folder, one without sources, and a share of 1', async () => {
    const folder = folderWith({ 'README.md': '# Hello' });
    expect(await refusal(() => pairsFromTypeScript(join(folder, 'absent')))).toEqual({
      code: 'file-not-found',
      message: `Expected a file or a folder at ${folder}/absent, received a path that does not exist. Check the path.`,
    });
    expect(await refusal(() => pairsFromTypeScript([folder]))).toEqual({
      code: 'empty-folder',
      message: `Expected at least one .ts or .d.ts file in ${folder}, received none. Check the path; folders named node_modules inside it are searched only with \`includeNodeModules\`.`,
    });
    expect((await refusal(() => pairsFromTypeScript(folder, { heldOutShare: 1 }))).code).toBe('invalid-share');
  });

  test('stops when the signal is aborted', async () => {
    await expect(pairs({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test('finds thousands of pairs in the declarations of TypeScript and Node.js', async () => {
    const require = createRequire(import.meta.url);
    const folderOf = (name: string): string => dirname(require.resolve(`${name}/package.json`));
    const { train, heldOut } = await pairsFromTypeScript([
      join(folderOf('typescript'), 'lib'),
      folderOf('@types/node'),
    ]);
    expect(train.anchors.length).toBeGreaterThan(7000);
    expect(heldOut.anchors.length).toBeGreaterThan(600);
    const all = [...train.anchors, ...heldOut.anchors];
    expect(new Set(all).size).toBe(all.length);
    expect([...train.titles, ...heldOut.titles]).toContain('fs/promises.readFile');
    const prose = [...train.positives, ...heldOut.positives];
    expect(new Set(prose).size).toBe(prose.length);
    expect(prose.filter((text) => /```|\{@link|\*\*|https?:\/\//.test(text))).toEqual([]);
  });
});
