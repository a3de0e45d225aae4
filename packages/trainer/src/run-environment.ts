import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';

/** What a run was made with. */
export interface RunEnvironment {
  /** By name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly processor: string;
  /** That the system shows. */
  readonly processors: number;
  readonly memoryBytes: number;
  /** Such as `linux x64`. */
  readonly platform: string;
}

function versionOf(name: string): string | undefined {
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

/** Looks at this machine and the packages that are installed. */
export function readEnvironment(): RunEnvironment {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of ['trainer', 'core', 'samplers', 'evaluators', 'static-embedding']) {
    const version = versionOf(`@embedbag/${name}`);
    if (version !== undefined) versions[`@embedbag/${name}`] = version;
  }
  return {
    versions,
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}
