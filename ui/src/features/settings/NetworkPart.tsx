import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { useRef, useState, type FormEvent } from 'react';

import type { NetworkSetRequest, NetworkView, Problem, ProxyChoice } from '../../bindings/wire';
import { useDo, useRead } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { Read } from '../../ui/Read';
import { Row } from '../../ui/Row';
import { BusyButton } from '../../ui/BusyButton';

const CHOICES: ProxyChoice[] = ['system', 'direct', 'address'];

/** What stands between this computer and services. */
export function NetworkRows() {
  const network = useRead('network_show', {});
  return (
    <>
      <Read read={network} rows={3} shape="settings">
        {(data) => <Form network={data} />}
      </Read>
      <Row title={t('settings.network.private')} about={t('settings.network.privateAbout')} />
    </>
  );
}

const isAboutAddress = ({ subject }: Problem) => subject?.kind === 'field' && subject.name === 'address';

/** What was changed again since it was sent. */
const without = (now: NetworkSetRequest, sent: NetworkSetRequest): NetworkSetRequest =>
  Object.fromEntries(Object.entries(now).filter(([key, value]) => sent[key as keyof NetworkSetRequest] !== value));

/** The proxy and the certificates go together: both are of one network, and half of it reaches nobody. */
function Form({ network }: { network: NetworkView }) {
  const [changed, setChanged] = useState<NetworkSetRequest>({});
  const [missing, setMissing] = useState(false);
  const address = useRef<HTMLInputElement>(null);
  const set = useDo('network_set', { touches: ['network_show', 'about_show', 'health'], onSuccess: (_, sent) => setChanged((now) => without(now, sent)) });
  const failed = set.isError ? toProblem(set.error) : undefined;
  // The person said no in the system's own dialog, and knows.
  const problem = failed?.code === 'CANCELLED' ? undefined : failed;
  const refused = problem?.subject?.kind === 'field' ? problem.subject.name : undefined;
  // What was decided cannot be read: nothing stands in its place but what is chosen now.
  const lost = network.problem ?? undefined;
  const proxy = changed.proxy ?? (lost ? '' : network.proxy);
  const dirty = Object.keys(changed).length > 0;
  const change = (part: NetworkSetRequest) => {
    // What is on its way is told of when it is there.
    if (!set.isPending) set.reset();
    setMissing(false);
    setChanged((old) => ({ ...old, ...part }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const empty = proxy === 'address' && !(changed.address ?? network.address).trim();
    setMissing(empty);
    if (empty) address.current?.focus();
    else if (dirty && proxy && !set.isPending) set.mutate(changed, { onError: (error) => isAboutAddress(toProblem(error)) && address.current?.focus() });
  };
  return (
    <form noValidate onSubmit={submit} data-testid="network">
      {lost && <ProblemBlock problem={lost} />}
      <Row
        title={t('settings.network.proxy')}
        about={lost ? `${t('settings.network.proxyLost')} ${t('settings.network.whichAbout')}` : `${network.proxies.length > 0 ? t('settings.network.proxyIs', { proxy: network.proxies.map(visible).join(', ') }) : t('settings.network.proxyNone')} ${t('settings.network.whichAbout')}`}
      >
        <SegmentedControl size="xs" aria-label={t('settings.network.proxy')} data={CHOICES.map((value) => ({ value, label: t(`settings.network.which.${value}`) }))} value={proxy} onChange={(value) => change({ proxy: value as ProxyChoice })} />
      </Row>
      {proxy === 'address' && (
        <Row title={t('settings.network.address')} about={t('settings.network.addressAbout')} id="st-proxy-address">
          <TextInput
            ref={address}
            size="xs"
            aria-labelledby="st-proxy-address"
            inputMode="url"
            spellCheck={false}
            autoComplete="off"
            placeholder="http://proxy.example:3128"
            value={changed.address ?? network.address}
            error={missing ? t('settings.network.addressMissing') : refused === 'address' && problem ? visible(problem.hint) : undefined}
            onChange={(event) => change({ address: event.currentTarget.value })}
          />
        </Row>
      )}
      <Certificates network={network} changed={changed} error={refused === 'certificates' && problem ? visible(problem.hint) : undefined} onChange={change} />
      {problem && refused === undefined && <ProblemBlock problem={problem} />}
      <div className="row">
        <BusyButton type="submit" size="xs" disabled={!dirty || !proxy} busy={set.isPending}>
          {t('common.save')}
        </BusyButton>
        {dirty && (
          <Button
            size="xs"
            onClick={() => {
              set.reset();
              setMissing(false);
              setChanged({});
            }}
          >
            {t('settings.engine.discard')}
          </Button>
        )}
        <span role="status" className="meta">
          {set.isSuccess && !dirty && [t('settings.network.saved'), ...set.data.notes.map((note) => t(`settings.network.note.${note}`))].join(' ')}
        </span>
      </div>
    </form>
  );
}

interface CertificatesProps {
  network: NetworkView;
  changed: NetworkSetRequest;
  error: string | undefined;
  onChange: (part: NetworkSetRequest) => void;
}

/** Whom to trust besides those that the computer trusts. */
function Certificates({ network, changed, error, onChange }: CertificatesProps) {
  const file = useRef<HTMLInputElement>(null);
  const has = network.certificates > 0;
  const kept = has ? t('settings.network.certificatesHas', { count: network.certificates, file: visible(network.certificatesName) || t('settings.network.noFile') }) : t('settings.network.certificatesAbout');
  const about = changed.certificates == null ? kept : changed.certificates === '' ? t('settings.network.dropped') : t('settings.network.chosen', { file: visible(changed.certificatesName ?? '') });
  return (
    <>
      <Row title={t('settings.network.certificates')} about={about}>
        <Button size="xs" onClick={() => file.current?.click()}>
          {t(has ? 'settings.network.another' : 'settings.network.choose')}
        </Button>
        {has && changed.certificates !== '' && (
          <Button size="xs" onClick={() => onChange({ certificates: '', certificatesName: '' })}>
            {t('settings.network.remove')}
          </Button>
        )}
      </Row>
      {error && (
        <p className="st-said warn" role="alert">
          {error}
        </p>
      )}
      <input
        ref={file}
        type="file"
        accept=".pem,.crt,.cer"
        hidden
        aria-label={t('settings.network.choose')}
        onChange={(event) => {
          const input = event.currentTarget;
          const chosen = input.files?.[0];
          void chosen?.text().then((text) => {
            input.value = '';
            onChange({ certificates: text, certificatesName: chosen.name });
          });
        }}
      />
    </>
  );
}
