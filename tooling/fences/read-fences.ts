import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root, workspacePackages } from '../workspace.mjs';
import { markdownFences } from './markdown-fences.mjs';

/** One ```` ```ts ```` fence of a Markdown file. */
export interface Fence {
  /** The Markdown file, relative to the root. */
  readonly file: string;
  /** The line of the fence's first line of code, counted from 1. */
  readonly line: number;
  readonly code: string;
  /** The file that the sentence above says to write. Fences with a file may import each other. */
  readonly path?: string;
}

/** The `ts` fences of a Markdown text; fences of every other language are left out. */
export function readFences(file: string, markdown: string): Fence[] {
  return markdownFences(file, markdown)
    .filter(({ language }) => ['ts', 'typescript', 'mts'].includes(language))
    .map(({ language: _, ...fence }) => ({ file, ...fence }));
}

/** The Markdown files whose fences are checked, relative to the root. */
export function documentFiles(): string[] {
  const files = ['README.md', 'CONTRIBUTING.md', ...workspacePackages().map((one) => `${one.folder}/README.md`)];
  const folders = ['docs'];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(`${folder}/${entry.name}`);
      else if (entry.name.endsWith('.md')) files.push(`${folder}/${entry.name}`);
    }
  }
  return files;
}

/** Every `ts` fence of the documents; a document that does not exist has none. */
export function repositoryFences(): Fence[] {
  return documentFiles().flatMap((file) => {
    try {
      return readFences(file, readFileSync(path.join(root, file), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}
