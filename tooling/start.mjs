// What `npm start` runs: installs and builds what is missing, then runs the English retrieval recipe.
import { ensureBuilt, ensureInstalled } from './workspace.mjs';

await ensureInstalled({ quiet: false });
await ensureBuilt({ quiet: false });
await import('../apps/retrieval-en/dist/main.js');
