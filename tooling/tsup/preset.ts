import { defineConfig } from 'tsup';

interface PresetOptions {
  readonly entry: string[];
}

/**
 * The one build every package shares: ESM for Node 20 and browsers, with source maps.
 *
 * `tsup` writes the code. `tsup --dts-only` writes the declarations beside it, which takes ten times as long and which
 * only a release needs.
 */
export function preset(options: PresetOptions): ReturnType<typeof defineConfig> {
  return defineConfig((flags) => ({
    entry: options.entry,
    format: ['esm'],
    target: 'es2022',
    platform: 'neutral',
    tsconfig: 'tsconfig.build.json',
    sourcemap: true,
    clean: flags.dts === undefined,
    splitting: true,
    treeshake: true,
    // Makes literals of constants: bundled, they would be variables, which hot loops read again and again.
    esbuildOptions: (options) => {
      options.minifySyntax = true;
    },
    // `node:` tells bundlers for browsers what they need not look for.
    removeNodeProtocol: false,
    external: [/^node:/],
    silent: true,
    outExtension: () => ({ js: '.js' }),
  }));
}
