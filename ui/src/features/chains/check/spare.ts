// What a run could go without. Pure.
import type { Finding, Step } from '../../../bindings/wire';

/** The connection that a finding is about. */
export function connectionOf(finding: Finding, steps: Step[]): string | undefined {
  const subject = finding.problem?.subject;
  if (subject?.kind === 'connection') return subject.name;
  return steps.find((step) => step.id === finding.step)?.connection ?? undefined;
}

/** The steps to leave out so that a finding does not matter any more; none where one of them is needed, or none would be left. */
export function leftOut(finding: Finding, steps: Step[], spare: string[]): string[] | undefined {
  const connection = finding.problem?.subject?.kind === 'connection' ? finding.problem.subject.name : undefined;
  const concerned = connection === undefined ? steps.filter((step) => step.id === finding.step) : steps.filter((step) => step.connection === connection);
  const ids = concerned.map((step) => step.id);
  return ids.length > 0 && ids.length < steps.length && ids.every((id) => spare.includes(id)) ? ids : undefined;
}
