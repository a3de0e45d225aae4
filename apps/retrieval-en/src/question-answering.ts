import { answerQuestion, type TextLibrary } from '@embedbag/cli';

const EXAMPLE_QUESTIONS = [
  'generate a random uuid',
  'remove the last element of an array',
  'how much memory does the process use',
] as const;

/** Answers three fixed questions. */
export function answerExampleQuestions(library: TextLibrary, stdout: NodeJS.WritableStream): void {
  for (const question of EXAMPLE_QUESTIONS) answerQuestion(library, question, stdout);
}
