#!/usr/bin/env node
// `pnpm retrieval-en` in the workspace: the recipe, built first when a source is newer than its build.
import { runBuilt } from '../workspace.mjs';

runBuilt('apps/retrieval-en/dist/main.js', { quiet: true });
