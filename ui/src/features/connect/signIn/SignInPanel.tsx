import type { ConnectionView } from '../../../bindings/wire';
import { t } from '../../../lib/words';
import { Brought, Fewer, OtherAccount, SignedIn } from './Ended';
import { lostWithout, type Use } from './scopes';
import { Busy, DeviceCode, Waiting } from './UnderWay';
import type { SignIn } from './useSignIn';

interface Props {
  name: string;
  signIn: SignIn;
  /** The connection that signs in again. */
  replacing: ConnectionView | undefined;
  uses: Use[];
  chosen: string[] | undefined;
  /** The connection takes what the sign-in gave. */
  connecting: boolean;
  /** Whether there is an account to choose on a page. */
  switches: boolean;
  onBegin: (chooseAccount: boolean) => void;
  onClose: () => void;
}

/** A sign-in that was begun, until it failed: where it is, and what can be done about it. */
export function SignInPanel({ name, signIn, replacing, uses, chosen, connecting, switches, onBegin, onClose }: Props) {
  const { phase, view } = signIn;
  const lost = lostWithout(uses, chosen, view?.missing ?? []);
  return (
    <section className="cw-sign-in" aria-label={t('connect.step.signIn')} data-phase={phase}>
      {phase === 'beginning' && <Busy text={t('signIn.beginning', { name })} />}
      {phase === 'checking' && <Busy text={t('signIn.checking')} />}
      {(phase === 'waiting' || phase === 'not_opened') && view && <Waiting name={name} signIn={signIn} view={view} opened={phase === 'waiting'} />}
      {phase === 'device' && view && <DeviceCode name={name} signIn={signIn} view={view} />}
      {phase === 'approving' && view && <Brought name={name} origins={view.brought} onApprove={() => void signIn.approve()} onCancel={signIn.drop} />}
      {phase === 'fewer' && view && <Fewer name={name} view={view} lost={lost} onGoOn={() => signIn.accept({ fewer: true })} onAgain={() => onBegin(false)} />}
      {phase === 'other_account' && replacing?.account && (
        <OtherAccount owner={replacing.account} now={view?.account} onOwner={() => onBegin(true)} onNow={() => signIn.accept({ account: true })} onCancel={onClose} />
      )}
      {phase === 'done' && connecting && <Busy text={t('signIn.connecting')} />}
      {phase === 'done' && !connecting && view && <SignedIn view={view} lost={lost} switches={switches} onSwitch={() => onBegin(true)} onAnew={signIn.drop} />}
    </section>
  );
}
