import type { Finding } from '../../../bindings/wire';

/** What stands below a finding's title: its sentences, without the title where they begin with it. */
export function below({ text, problem }: Finding): string {
  const title = problem ? `${problem.title}. ` : '';
  return title && text.startsWith(title) ? text.slice(title.length) : text;
}
