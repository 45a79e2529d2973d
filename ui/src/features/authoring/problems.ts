import type { Problem } from '../../bindings/wire';

/** Line and column of a problem in a definition; both count from 1. */
export function placeOf(problem: Problem): { line: number | undefined; column: number | undefined } {
  const { subject } = problem;
  if (!subject || !('line' in subject)) return { line: undefined, column: undefined };
  return { line: subject.line ?? undefined, column: subject.column ?? undefined };
}

/** What is wrong, as a sentence without its place, which is shown beside it. */
export function sentenceOf(problem: Problem): string {
  const text = problem.hint.replace(/^Line \d+: /, '');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
