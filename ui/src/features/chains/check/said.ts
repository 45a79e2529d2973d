import type { Finding, Step } from '../../../bindings/wire';

/** What stands below a finding's title: its sentences, without the title where they begin with it. */
export function below({ text, problem }: Finding): string {
  const title = problem ? `${problem.title}. ` : '';
  return title && text.startsWith(title) ? text.slice(title.length) : text;
}

/** The field of a step that nothing was chosen for; none where the finding is about something else, such as a value that does not fit. */
export function withoutSource({ level, problem }: Finding, step: Step | undefined): string | undefined {
  const field = problem?.code === 'SCHEMA_MISMATCH' && level === 'blocker' ? problem.params?.['field'] : undefined;
  if (field === undefined || !step) return undefined;
  const target = `/${field}`;
  return (step.mapping ?? []).some((map) => target === map.target || target.startsWith(`${map.target}/`) || map.target.startsWith(`${target}/`)) ? undefined : field;
}
