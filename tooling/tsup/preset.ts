import { defineConfig } from 'tsup';

interface PresetOptions {
  readonly entry: string[];
  /** Emit `.d.ts` files; default true. Apps have no importers and switch it off. */
  readonly declarations?: boolean;
}

/** The one build every package shares: ESM for Node 20 and browsers, with source maps. */
export function preset(options: PresetOptions): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: options.entry,
    format: ['esm'],
    target: 'es2022',
    platform: 'neutral',
    tsconfig: 'tsconfig.build.json',
    dts: options.declarations ?? true,
    sourcemap: true,
    clean: true,
    splitting: true,
    treeshake: true,
    silent: true,
    outExtension: () => ({ js: '.js' }),
  });
}
