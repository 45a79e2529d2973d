import type { AuthDetail } from '../../bindings/wire';
import { t } from '../../lib/words';
import { wayOf, type Phase } from './signIn/phase';
import type { Step } from './Steps';

interface Where {
  step: Step;
  /** What the tool is called. */
  name: string;
  /** The way to sign in, where it gives tokens. */
  method: AuthDetail | undefined;
  phase: Phase;
  /** Somebody is waited for, or asked. */
  inPanel: boolean;
  reconnects: boolean;
  offline: boolean;
  /** What the sign-in is for; everything where absent. */
  chosen: string[] | undefined;
  /** The test is over, and nothing stands against going on. */
  tested: boolean;
}

/** What goes on from here; none where somebody else has to do something first. */
export function mainButton({ step, name, method, phase, inPanel, reconnects, offline, chosen, tested }: Where): { label: string; disabled: boolean; describedBy?: string } | undefined {
  if (step === 'done') return { label: t('connect.finish'), disabled: false };
  if (step === 'test') return { label: t('common.continue'), disabled: !tested };
  if (step !== 'signIn' || !method || (phase === 'done' && !reconnects)) return { label: t('common.continue'), disabled: false };
  if (inPanel) return undefined;
  if (phase === 'failed') return { label: t('common.tryAgain'), disabled: offline };
  const label = { browser: t('signIn.with', { name }), device: t('signIn.getCode'), at_once: t('signIn.now') }[wayOf(method)];
  return { label, disabled: offline || chosen?.length === 0, ...(offline ? { describedBy: 'cw-offline' } : {}) };
}
