import { Button } from '@mantine/core';
import { Copy, WifiOff } from 'lucide-react';

import type { AuthDetail, ConnectionView, Problem } from '../../../bindings/wire';
import { visible } from '../../../lib/format';
import { t } from '../../../lib/words';
import { LinkButton } from '../../../ui/LinkButton';
import { ProblemBlock } from '../../../ui/ProblemBlock';
import { CopyField } from './CopyField';
import { isMendable, wayOf } from './phase';

interface Props {
  name: string;
  method: AuthDetail;
  /** The page that opens, where it is known. */
  page: URL | undefined;
  offline: boolean;
}

/** What will happen, and what is needed for it. */
export function Ready({ name, method, page, offline }: Props) {
  const way = wayOf(method);
  const url = method.help?.url;
  const said = { browser: t(page ? 'signIn.readyHost' : 'signIn.ready', { name, host: visible(page?.host ?? '') }), device: t('signIn.readyCode', { name }), at_once: t('signIn.readyNow', { name }) };
  return (
    <div className="cw-need">
      <p>{said[way]}</p>
      {method.help && <p className="meta">{visible(method.help.text)}</p>}
      {url && (
        <LinkButton url={url}>{t('connect.where')}</LinkButton>
      )}
      {offline && (
        <p className="cw-note cw-warned cw-line" role="status" id="cw-offline">
          <WifiOff size={16} aria-hidden />
          {t('signIn.offline')}
        </p>
      )}
    </div>
  );
}

/** What to register with the service, where the person registers an application of their own. */
export function RedirectUris({ name, uris }: { name: string; uris: string[] }) {
  return (
    <section className="cw-uris" aria-label={t('signIn.registerUri', { name, count: uris.length })}>
      <h3 className="cw-head">{t('signIn.registerUri', { name, count: uris.length })}</h3>
      {uris.map((uri, index) => (
        <CopyField
          key={uri}
          label={uris.length > 1 ? t('signIn.redirectUriNth', { n: index + 1 }) : t('signIn.redirectUri')}
          text={uri}
          button={t('signIn.copy')}
          description={/^http:\/\/[^/]*:\d+/.test(uri) ? undefined : t('signIn.anyPort')}
        />
      ))}
    </section>
  );
}

/** Connections to the same tool, which may be all that is wanted. */
export function AlreadyConnected({ known, onUse, onAnother }: { known: ConnectionView[]; onUse: (name: string) => void; onAnother: () => void }) {
  const first = known[0];
  if (!first) return null;
  const account = visible(first.account?.label ?? first.name);
  return (
    <div className="cw-note spread cw-known">
      <span>{first.account ? t('signIn.known', { account }) : t('signIn.knownPlain', { name: account })}</span>
      <span className="row">
        <Button h={30} px={10} className="cw-keep" onClick={() => onUse(first.name)}>
          {t('signIn.use', { account })}
        </Button>
        <Button h={30} px={10} className="cw-keep" onClick={onAnother}>
          {t('signIn.another')}
        </Button>
      </span>
    </div>
  );
}

/** Why signing in did not come about. Beginning again is the wizard's main button. */
export function SignInProblem({ problem, onFix, onLink }: { problem: Problem; onFix: (problem: Problem) => void; onLink: () => void }) {
  return (
    <div className="cw-failed">
      <ProblemBlock problem={isMendable(problem) ? problem : { ...problem, fix: null }} onFix={() => onFix(problem)} />
      {problem.code === 'SIGN_IN_TIMED_OUT' && (
        <div className="row">
          <span className="meta">{t('signIn.linkInstead')}</span>
          <Button leftSection={<Copy size={16} aria-hidden />} onClick={onLink}>
            {t('signIn.copyLink')}
          </Button>
        </div>
      )}
    </div>
  );
}
