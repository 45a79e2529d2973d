import { Checkbox, Radio, TextInput } from '@mantine/core';
import { FlaskConical, Lock } from 'lucide-react';
import type { ReactNode } from 'react';

import type { AuthDetail, ConfigField, ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { LinkButton } from '../../ui/LinkButton';
import { useSandbox } from '../start/sandbox';
import { BusyButton } from '../../ui/BusyButton';
import { fieldId, type Draft } from './draft';
import { CredentialInput, Folded, SettingInput } from './fields';
import { Permissions } from './Permissions';
import { BASE_URL, hasAddress, plainAddress, reachesServices, settingMistake, type Mistakes } from './settings';
import { Choice } from './signIn/Choice';
import { givesTokens, simplest, wayOf } from './signIn/phase';
import { Ready, RedirectUris } from './signIn/Ready';
import { usesOf } from './signIn/scopes';

interface Props {
  detail: ConnectorDetail;
  method: AuthDetail | undefined;
  /** Settings that the address or the sign-in itself needs. */
  early: ConfigField[];
  draft: Draft;
  mistakes: Mistakes;
  replacing: ConnectionView | undefined;
  /** The page that opens, where one does and its address is known. */
  page: URL | undefined;
  offline: boolean;
  onChange: (part: Partial<Draft>) => void;
  onForget: (key: string) => void;
  onClose: () => void;
  /** What is said first. */
  children?: ReactNode;
}

/** Step 1: the credential, where to find it, what it allows and how it is kept. */
export function SignInStep({ detail, method, early, draft, mistakes, replacing, page, offline, onChange, onForget, onClose, children }: Props) {
  const plain = plainAddress(detail);
  const name = visible(detail.summary.name);
  const tokens = givesTokens(method);
  const recommended = simplest(detail)?.id;
  return (
    <>
      {children}
      {detail.summary.sandbox && !replacing && <SandboxItself onClose={onClose} />}
      {replacing?.account && <p className="cw-note">{t('connect.belongsTo', { account: visible(replacing.account.label) })}</p>}
      {detail.auth.length > 1 && !replacing && (
        <Radio.Group label={t('connect.ways')} value={method?.id ?? null} onChange={(chosen) => onChange({ method: chosen })}>
          <div className="cw-ways">
            {detail.auth.map((way) => (
              <Radio
                key={way.id}
                value={way.id}
                label={
                  <>
                    {visible(way.label)} {way.id === recommended && <span className="tag">{t('connect.recommended')}</span>}
                  </>
                }
              />
            ))}
          </div>
        </Radio.Group>
      )}
      {method && tokens ? <Ready name={name} method={method} page={page} offline={offline} /> : <Needed name={detail.summary.name} method={method} />}
      {method?.oauth?.registers && wayOf(method) === 'browser' && <RedirectUris name={name} uris={method.oauth.redirectUris} />}
      {method?.fields.map((field) => (
        <CredentialInput
          key={`${method.id}-${field.key}`}
          id={fieldId(field.key)}
          field={field}
          value={draft.secrets[field.key] ?? ''}
          error={mistakes[field.key]}
          onChange={(value) => {
            onChange({ secrets: { ...draft.secrets, [field.key]: value } });
            onForget(field.key);
          }}
        />
      ))}
      {early.map((field) => (
        <SettingInput
          key={field.key}
          id={fieldId(field.key)}
          field={field}
          value={draft.settings[field.key] ?? ''}
          error={mistakes[field.key] ?? (draft.settings[field.key] ? settingMistake(field, draft.settings[field.key] ?? '') : undefined)}
          onChange={(value) => {
            onChange({ settings: { ...draft.settings, [field.key]: value } });
            onForget(field.key);
          }}
        />
      ))}
      {method && (
        <p className="cw-locked">
          <Lock size={14} aria-hidden />
          {t('connect.locked')}
        </p>
      )}
      {method?.oauth ? (
        <Choice oauth={method.oauth} uses={usesOf(detail)} chosen={draft.uses} onChange={(uses) => onChange({ uses })} />
      ) : (
        <section aria-label={t('connect.permissions')}>
          <h3 className="cw-head">{t('connect.permissions')}</h3>
          <Permissions detail={detail} />
        </section>
      )}
      {!replacing && reachesServices(detail) && (
        <Folded title={t('connect.advanced')} open={draft.advanced} onToggle={(advanced) => advanced !== draft.advanced && onChange({ advanced })}>
          {hasAddress(detail) && (
            <TextInput
              id={fieldId(BASE_URL)}
              label={t('connect.address')}
              description={plain ? t('connect.addressHelp', { url: plain }) : t('connect.addressHelpHoles')}
              inputMode="url"
              spellCheck={false}
              autoComplete="off"
              placeholder={detail.baseUrl}
              value={draft.baseUrl}
              error={mistakes[BASE_URL]}
              onChange={(event) => {
                onChange({ baseUrl: event.currentTarget.value });
                onForget(BASE_URL);
              }}
            />
          )}
          <Checkbox
            id={fieldId('allowPrivate')}
            size="sm"
            label={t('connect.allowPrivate')}
            description={t('connect.allowPrivateHelp')}
            checked={draft.allowPrivate}
            onChange={(event) => onChange({ allowPrivate: event.currentTarget.checked })}
          />
        </Folded>
      )}
    </>
  );
}

/** The built-in sandbox has keys that nobody has to know. */
function SandboxItself({ onClose }: { onClose: () => void }) {
  const start = useSandbox('connections', onClose);
  return (
    <div className="cw-note spread">
      <span>{start.isError ? visible(toProblem(start.error).title) : t('connect.sandboxItself')}</span>
      <BusyButton h={30} px={10} className="cw-keep" leftSection={<FlaskConical size={14} aria-hidden />} busy={start.isPending} onClick={() => start.mutate({})}>
        {t('connect.trySandbox')}
      </BusyButton>
    </div>
  );
}

/** What to have at hand, and where it is found. */
function Needed({ name, method }: { name: string; method: AuthDetail | undefined }) {
  if (!method) return <p>{t('connect.noSignIn', { name: visible(name) })}</p>;
  const url = method.help?.url;
  return (
    <div className="cw-need">
      <p>
        <span className="cw-need-word">{t('connect.willNeed')}</span> {visible(method.label)}
      </p>
      {method.help && <p className="meta">{visible(method.help.text)}</p>}
      {url && (
        <LinkButton url={url}>{t('connect.where')}</LinkButton>
      )}
    </div>
  );
}
