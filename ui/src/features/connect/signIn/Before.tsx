import type { Problem } from '../../../bindings/wire';
import { useRead } from '../../../engine';
import { t } from '../../../lib/words';
import { SignInProblem } from './Ready';
import type { SignIn } from './useSignIn';

/** What came of signing in before: why it failed, that it fits no more, or that the program ended first. */
export function Before({ signIn, connector, onFix, onLink }: { signIn: SignIn; connector: string; onFix: (problem: Problem) => void; onLink: () => void }) {
  const last = useRead('sign_in_last', { connector });
  return (
    <>
      {signIn.problem && <SignInProblem problem={signIn.problem} onFix={onFix} onLink={onLink} />}
      {signIn.phase === 'ready' && signIn.held && <p className="cw-note">{t('signIn.changed')}</p>}
      {signIn.phase === 'ready' && !signIn.held && last.data?.interrupted && (
        <p className="cw-note cw-warned" role="status">
          <strong>{t('signIn.interrupted')}</strong> {t('signIn.interruptedBody')}
        </p>
      )}
    </>
  );
}
