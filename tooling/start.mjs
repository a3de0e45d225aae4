// What `npm start` and `npm run start:multilingual` run: installs and builds what is missing, then runs a recipe.
import { runBuilt } from './workspace.mjs';

const RECIPES = /** @type {const} */ ({ english: 'retrieval-en', multilingual: 'similarity-multilingual' });

// The rest of the arguments are the recipe's own.
const isMultilingual = process.argv[2] === 'multilingual';
if (isMultilingual) process.argv.splice(2, 1);
runBuilt(`apps/${isMultilingual ? RECIPES.multilingual : RECIPES.english}/dist/main.js`);
