interface NodeBuiltins {
  'node:buffer': typeof import('node:buffer');
  'node:os': typeof import('node:os');
  'node:v8': typeof import('node:v8');
  'node:worker_threads': typeof import('node:worker_threads');
}

/**
 * One of Node's own modules, or undefined outside of Node. Unlike `import()` it is there at once, and bundlers for browsers
 * need no setting to leave it out.
 */
export function nodeBuiltin<Name extends keyof NodeBuiltins>(name: Name): NodeBuiltins[Name] | undefined {
  if (typeof process === 'undefined' || process.versions?.node === undefined) return undefined;
  return process.getBuiltinModule?.(name);
}
