#!/usr/bin/env node
import { embedbag } from './embedbag.js';
import { runProgram } from './run-program.js';

void runProgram((context) => embedbag(process.argv.slice(2), context)).then((exitCode) => {
  process.exitCode = exitCode;
});
