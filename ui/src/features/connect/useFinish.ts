import { useEffect, useState } from 'react';

import type { ConnectionView, ConnectRequest, Problem } from '../../bindings/wire';
import { queryClient, send } from '../../engine';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import type { SignIn } from './signIn/useSignIn';

interface Last {
  signIn: SignIn;
  replacing: ConnectionView | undefined;
  reconnects: boolean;
  request: () => ConnectRequest;
  /** It is there: nothing secret is needed any more. */
  onMade: () => void;
  /** It cannot be called so. */
  onName: (why: string) => void;
}

/** Makes the connection, or gives the one that is there its new key. */
export function useFinish({ signIn, replacing, reconnects, request, onMade, onName }: Last) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Problem>();
  const [made, setMade] = useState<ConnectionView>();
  const finish = async () => {
    setBusy(true);
    setRefused(undefined);
    try {
      const { connection } = !replacing
        ? await send('connection_create', request())
        : reconnects
          ? await send('connection_reconnect', { name: replacing.name, signIn: signIn.id ?? '', otherAccount: signIn.accepted.account })
          : await send('connection_replace_key', { name: replacing.name, secrets: request().secrets });
      signIn.used();
      onMade();
      setMade(connection);
      void queryClient.invalidateQueries({ queryKey: ['connection_list'] });
      void queryClient.invalidateQueries({ queryKey: ['connection_show'] });
    } catch (error) {
      const problem = toProblem(error);
      if (problem.subject?.kind === 'field' && problem.subject.name === 'name') onName(problem.code === 'CONFLICT' ? t('connect.nameTaken') : problem.hint);
      else if (reconnects) signIn.refuse(problem);
      else setRefused(problem);
    } finally {
      setBusy(false);
    }
  };
  // Signing in again needs no more answers: it is used at once.
  useEffect(() => {
    if (!reconnects || made || signIn.phase !== 'done') return;
    const timer = setTimeout(() => void finish());
    return () => clearTimeout(timer);
    // Once for each sign-in that is of use.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [reconnects, made, signIn.phase, signIn.id]);
  return { finish, busy, refused, forget: () => setRefused(undefined), made };
}
