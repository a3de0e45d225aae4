#!/usr/bin/env node
import { runProgram } from '@embedbag/cli';
import { similarityMultilingual } from './similarity-multilingual.js';

void runProgram((context) => similarityMultilingual(process.argv.slice(2), context)).then((exitCode) => {
  process.exitCode = exitCode;
});
