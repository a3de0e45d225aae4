#!/usr/bin/env node
// `pnpm embedbag` in the workspace: the command, built first when a source is newer than its build.
import { runBuilt } from '../workspace.mjs';

runBuilt('packages/cli/dist/bin.js', { quiet: true });
