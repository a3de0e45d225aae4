#!/usr/bin/env node
// `pnpm embedbag` in the workspace: the command, built first when a source is newer than its build.
import { ensureBuilt } from '../workspace.mjs';

await ensureBuilt({ quiet: true });
await import('../../packages/cli/dist/bin.js');
