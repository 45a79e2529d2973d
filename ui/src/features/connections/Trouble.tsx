import { useLocation } from 'wouter';

import type { ConnectionView, FixAction, Problem } from '../../bindings/wire';
import { t } from '../../lib/words';
import { ProblemBlock } from '../../ui/ProblemBlock';
import type { Asked } from './useTools';
import { allowPrivate, testConnection } from './work';

interface Props {
  connection: ConnectionView;
  problem: Problem;
  alert?: boolean;
  onAsk: (asked: Asked) => void;
  onSetUp: () => void;
}

/** What is wrong with a connection, with the button that mends it. */
export function Trouble({ connection, problem, alert = false, onAsk, onSetUp }: Props) {
  const [, go] = useLocation();
  const does: Partial<Record<FixAction, () => void>> = {
    replace_key: () => onAsk({ what: 'replaceKey', connection }),
    reconnect: () => onAsk({ what: 'replaceKey', connection }),
    edit_settings: onSetUp,
    edit_input: onSetUp,
    allow_target: () => void allowPrivate(connection.name),
    network_settings: () => go('/settings/network'),
    retry: () => void testConnection(connection.name),
  };
  const known = problem.fix ? does[problem.fix.action] : undefined;
  // A button says what it does here: what this screen has no place for is tested again.
  const shown: Problem = known ? problem : { ...problem, fix: { label: t('common.tryAgain'), action: 'retry' } };
  return <ProblemBlock problem={shown} alert={alert} onFix={known ?? (() => void testConnection(connection.name))} />;
}
