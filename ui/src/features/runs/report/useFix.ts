import { useLocation } from 'wouter';

import type { FixAction, Problem, RunReport } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { isFinal } from '../figures';

/** Where a fix of a run's problem is: its step in the editor, its connection, or another run. */
export function useFix(report: RunReport, runAgain?: () => void) {
  const [, go] = useLocation();
  return (problem: Problem, step?: string): (() => void) | undefined => {
    const action: FixAction | undefined = problem.fix?.action;
    const connection = problem.subject?.kind === 'connection' ? problem.subject.name : undefined;
    switch (action) {
      case 'edit_mapping':
      case 'edit_input':
        return () => go(`/chains/${encodeURIComponent(report.chainId)}${step === undefined ? '' : `/step/${encodeURIComponent(step)}`}`);
      case 'reconnect':
      case 'replace_key':
        return connection === undefined ? undefined : () => go(`/connections/${encodeURIComponent(connection)}/sign-in`);
      case 'edit_settings':
      case 'allow_target':
        return connection === undefined ? undefined : () => go(`/connections/${encodeURIComponent(connection)}`);
      case 'network_settings':
        return () => go('/settings/network');
      case 'unlock':
      case 'set_passphrase':
        return () => go('/settings/security');
      case 'free_space':
        return () => go('/settings/data');
      case 'retry':
      case 'wait':
        // One that is under way is not started a second time from inside.
        return isFinal(report.state) ? runAgain : undefined;
      default:
        return undefined;
    }
  };
}

/** A problem as it stands in a report: what tries again there is a run of its own, and its button says so. */
export function inReport(problem: Problem): Problem {
  const { fix } = problem;
  return fix?.action === 'retry' || fix?.action === 'wait' ? { ...problem, fix: { ...fix, label: t('runs.report.runAgain') } } : problem;
}
