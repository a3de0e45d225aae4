#!/usr/bin/env node
import { runProgram } from '@embedbag/cli';
import { retrievalEn } from './retrieval-en.js';

void runProgram((context) => retrievalEn(process.argv.slice(2), context)).then((exitCode) => {
  process.exitCode = exitCode;
});
