import type { Problem } from '../../bindings/wire';
import type { Asks } from './asks';
import { BASE_URL } from './settings';
import type { Step } from './Steps';

/** Where a problem is mended: in a field of a step, by a new sign-in, by allowing what was refused, in the network's settings, or by another try. */
export type Mend = { way: 'field'; key: string; step: Step; hint?: string; advanced?: boolean } | { way: 'sign_in' } | { way: 'allow' } | { way: 'network' } | { way: 'again' };

/** The place where a problem can be mended. */
export function mendOf(problem: Problem, { method, tokens, late, skipsSetUp }: Pick<Asks, 'method' | 'tokens' | 'late' | 'skipsSetUp'>): Mend {
  const firstSecret = method?.fields[0]?.key;
  const wanted = problem.subject?.kind === 'field' ? problem.subject.name : undefined;
  const action = problem.fix?.action;
  const key = action === 'replace_key' || action === 'reconnect';
  if (tokens && (wanted === 'signIn' || key)) return { way: 'sign_in' };
  if (wanted) {
    const step: Step = wanted === 'name' ? 'done' : late.some((field) => field.key === wanted) ? 'setUp' : 'signIn';
    return { way: 'field', key: wanted, step, hint: problem.hint, advanced: wanted === BASE_URL };
  }
  if (key && firstSecret) return { way: 'field', key: firstSecret, step: 'signIn' };
  if (action === 'allow_target') return { way: 'allow' };
  if (action === 'network_settings') return { way: 'network' };
  if (action === 'edit_settings' || action === 'edit_input') {
    const setting = late[0];
    const aboutAddress = problem.params?.['host'] !== undefined || problem.code === 'REDIRECT_REFUSED' || problem.code === 'UNEXPECTED_CONTENT';
    if (!aboutAddress && setting && !skipsSetUp) return { way: 'field', key: setting.key, step: 'setUp' };
    return { way: 'field', key: BASE_URL, step: 'signIn', advanced: true };
  }
  return { way: 'again' };
}
