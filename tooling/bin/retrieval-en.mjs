#!/usr/bin/env node
// `pnpm retrieval-en` in the workspace: the recipe, built first when a source is newer than its build.
import { ensureBuilt } from '../workspace.mjs';

await ensureBuilt({ quiet: true });
await import('../../apps/retrieval-en/dist/main.js');
