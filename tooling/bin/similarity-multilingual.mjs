#!/usr/bin/env node
// `pnpm similarity-multilingual` in the workspace: the recipe, built first when a source is newer than its build.
import { runBuilt } from '../workspace.mjs';

runBuilt('apps/similarity-multilingual/dist/main.js', { quiet: true });
