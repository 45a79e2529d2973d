import { useLocation } from 'wouter';

import type { Chain, Finding, FixAction } from '../../../bindings/wire';
import { allSteps } from '../flow/outline';
import { TRIAL, type Narrowing } from '../ConfirmRun';
import type { Opening } from '../step/StepPanel';
import { connectionOf } from './spare';

interface Props {
  chain: Chain;
  onShow: (step: string, how?: Opening) => void;
  onAgain: () => void;
  onRun: (how?: Narrowing) => void;
}

/** Where a fix leads that is no matter of a chain or a connection. */
const PLACES: Partial<Record<FixAction, string>> = {
  unlock: '/settings/security',
  set_passphrase: '/settings/passphrase',
  network_settings: '/settings/network',
  free_space: '/settings/data',
  confirm_moved: '/settings/security',
  update: '/settings/about',
};

/** What the button of a finding does: the thing itself, or the exact place where it is done. */
export function useMend({ chain, onShow, onAgain, onRun }: Props) {
  const [, go] = useLocation();
  return (finding: Finding) => {
    const action = finding.problem?.fix?.action;
    const place = action && PLACES[action];
    const connection = connectionOf(finding, allSteps(chain));
    const toConnection = (ask: string) => go(`/connections/${encodeURIComponent(connection ?? '')}${ask}`);
    if (finding.remedy?.type === 'fewer_items') return onRun({ items: TRIAL });
    if (finding.remedy?.type === 'webhooks') return go('/settings/gateway');
    // A run that starts now waits by itself where a service asks for it.
    if (action === 'wait') return onRun();
    if (action === 'retry') return onAgain();
    if (place !== undefined) return go(place);
    if (connection && (action === 'replace_key' || action === 'reconnect')) return toConnection('/sign-in');
    if (connection && (action === 'edit_settings' || action === 'allow_target' || finding.problem?.subject?.kind === 'connection')) return toConnection('');
    // Where the finding is about a field, its source is asked for at once.
    if (finding.step) return onShow(finding.step, { fixing: true, ...(finding.remedy?.type === 'field' ? { target: finding.remedy.target } : {}) });
    return connection ? toConnection('') : onAgain();
  };
}
