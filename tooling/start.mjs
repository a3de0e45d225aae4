// What `npm start` runs: installs and builds what is missing, then runs the English retrieval recipe.
import { runBuilt } from './workspace.mjs';

runBuilt('apps/retrieval-en/dist/main.js');
