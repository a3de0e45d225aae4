import { describe, expect, test } from 'vitest';
import { documentFiles, type Fence, readFences, repositoryFences } from './read-fences.js';
import { isAsPromised, isRunnable, printed, runFence } from './run-fence.js';
import { typecheckFences } from './typecheck-fences.js';

let examples = 0;

/** A fence of a document that does not exist. */
function fenceOf(code: string): Fence {
  examples += 1;
  return { file: `docs/example-${examples}.md`, line: 2, code };
}

describe('the checker of fences', () => {
  const broken = fenceOf("import { hashTexts } from '@embedbag/core';\nconst count: string = hashTexts(['a']).length;");
  const wrong = fenceOf("import { hashTexts } from '@embedbag/core';\nhashTexts(['a', 'b']).length; // => 3");
  const right = fenceOf("import { hashTexts } from '@embedbag/core';\nhashTexts(['a', 'b']).length; // => 4");
  const unknown = fenceOf("import { nothing } from '@embedbag/core';");

  test('a fence with a type error is reported with its line in the document', () => {
    const problems = typecheckFences([broken, right, unknown]);
    expect(problems.get(broken)).toEqual(["docs/example-1.md:3 Type 'number' is not assignable to type 'string'."]);
    expect(problems.get(right)).toEqual([]);
    expect(problems.get(unknown)).toEqual([expect.stringContaining("has no exported member 'nothing'")]);
  });

  test('a fence imports the file that another fence of its document is, and none of another document', () => {
    const files = { file: 'docs/package.md', line: 2 };
    const index = { ...files, code: 'export const count: number = 1;', path: 'src/index.ts' };
    const code = "import { count } from './index.js';\nexport const text: string = count;";
    const user = { ...files, line: 9, code, path: 'src/user.ts' };
    const stranger = { ...user, file: 'docs/other.md' };
    const problems = typecheckFences([index, user, stranger]);
    expect(problems.get(user)).toEqual(["docs/package.md:10 Type 'number' is not assignable to type 'string'."]);
    expect(problems.get(stranger)?.[0]).toContain("Cannot find module './index.js'");
  });

  test('a promised value is compared with the one that comes', async () => {
    expect(await runFence(wrong)).toEqual([{ line: 3, expected: '3', actual: 4 }]);
    expect(isAsPromised(4, '3')).toBe(false);
    expect(isAsPromised(4, '4')).toBe(true);
  });

  test('constants, awaited values and logged values can be shown too', async () => {
    const code = 'const a = 1 + 1; // => 2\nawait Promise.resolve([a]); // => [2]\nconsole.log(a, 0); // => 2';
    const results = await runFence(fenceOf(code));
    expect(results.map((one) => one.actual)).toEqual([2, [2], 2]);
  });

  test('a value may be written as it prints or as a literal', () => {
    expect(isAsPromised(Float32Array.of(1, 2), 'Float32Array(2) [ 1, 2 ]')).toBe(true);
    expect(isAsPromised({ a: [1] }, '({ a: [1] })')).toBe(true);
    expect(isAsPromised('text', 'text')).toBe(true);
    expect(isAsPromised('text', "'text'")).toBe(true);
    expect(isAsPromised([1, 2], '[1, 3]')).toBe(false);
    expect(isAsPromised(undefined, 'nonsense value')).toBe(false);
  });

  test('only TypeScript fences are read, and an open one is an error', () => {
    const markdown = '```sh\nnpm test\n```\n\n````md\n```ts\nno\n```\n````\n\n```ts\nyes\n```\n';
    expect(readFences('a.md', markdown)).toEqual([{ file: 'a.md', line: 12, code: 'yes' }]);
    expect(() => readFences('a.md', 'text\n```ts\nlost')).toThrow('Expected the fence above a.md:3 to be closed');
  });
});

const fences = repositoryFences();

describe.skipIf(fences.length === 0)('the documents', () => {
  const problems = typecheckFences(fences);

  test.each(documentFiles().filter((file) => fences.some((fence) => fence.file === file)))(
    'every ts fence of %s typechecks on its own',
    (file) => {
      const found = fences.filter((fence) => fence.file === file).flatMap((fence) => problems.get(fence) ?? []);
      expect(found).toEqual([]);
    },
  );

  test.each(fences.filter(isRunnable).map((fence) => [`${fence.file}:${fence.line}`, fence] as const))(
    'the fence at %s gives the values it promises',
    async (_place, fence) => {
      const results = await runFence(fence);
      const wrong = results.filter((one) => !isAsPromised(one.actual, one.expected));
      const lines = wrong.map(
        (one) => `${fence.file}:${one.line} // => ${one.expected}, received ${printed(one.actual)}`,
      );
      expect(lines).toEqual([]);
      expect(results.length).toBeGreaterThan(0);
    },
  );
});
