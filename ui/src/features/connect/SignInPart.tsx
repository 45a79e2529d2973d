import { useLocation } from 'wouter';

import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { wayOf } from './signIn/phase';
import { Before } from './signIn/Before';
import { AlreadyConnected } from './signIn/Ready';
import { SignInPanel } from './signIn/SignInPanel';
import { SignInStep } from './SignInStep';
import type { WizardState } from './useWizard';

interface Props {
  wizard: WizardState;
  detail: ConnectorDetail;
  known: ConnectionView[];
  replacing: ConnectionView | undefined;
  onUse?: ((name: string) => void) | undefined;
  onClose: () => void;
}

/** The first step: the form, or how far the sign-in in the browser is. */
export function SignInPart({ wizard, detail, known, replacing, onUse, onClose }: Props) {
  const [, go] = useLocation();
  const { asks, draft, mistakes, uses, signIn, page, offline, change, forget, beginSignIn, fixSignIn } = wizard;
  const { method, tokens, early, reconnects } = asks;
  if (wizard.inPanel)
    return (
      <SignInPanel
        name={visible(detail.summary.name)}
        signIn={signIn}
        replacing={replacing}
        uses={uses}
        chosen={draft.uses}
        connecting={reconnects}
        switches={method !== undefined && wayOf(method) !== 'at_once'}
        onBegin={(chooseAccount) => beginSignIn(chooseAccount)}
        onClose={onClose}
      />
    );
  const there = replacing || draft.anotherAccount || !tokens ? [] : known.filter((other) => other.connector === detail.summary.id && other.account);
  return (
    <SignInStep
      detail={detail}
      method={method}
      early={replacing ? [] : early}
      draft={draft}
      mistakes={mistakes}
      replacing={replacing}
      page={page}
      offline={offline}
      onChange={change}
      onForget={forget}
      onClose={onClose}
    >
      {tokens && <Before signIn={signIn} connector={detail.summary.id} onFix={fixSignIn} onLink={() => beginSignIn(false, { opens: false })} />}
      <AlreadyConnected
        known={there}
        onUse={(used) => {
          onClose();
          if (onUse) onUse(used);
          else go(`/connections/${encodeURIComponent(used)}`);
        }}
        onAnother={() => change({ anotherAccount: true })}
      />
    </SignInStep>
  );
}
