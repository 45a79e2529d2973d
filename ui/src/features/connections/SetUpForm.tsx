import { Button, Checkbox, TextInput } from '@mantine/core';
import { CheckCircle2 } from 'lucide-react';
import { useState, type FormEvent, type KeyboardEvent } from 'react';

import type { ConnectionView, ConnectorDetail } from '../../bindings/wire';
import { useDo } from '../../engine';
import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { toProblem } from '../../platform';
import { ProblemBlock } from '../../ui/ProblemBlock';
import { useNoReach } from '../../ui/reach';
import { BusyButton } from '../../ui/BusyButton';
import { SettingInput } from '../connect/fields';
import { asked, asText, BASE_URL, hasAddress, isAddress, plainAddress, reachesServices, settingMistake, type Mistakes, type Settings } from '../connect/settings';
import { Origins } from './Origins';
import { testConnection } from './work';

const id = (key: string) => `cn-set-${key}`;

/** Settings of connectors that are part of the program: what they may reach. */
const GRANTS = ['folders', 'origins'];

/** The lines that were not there before. */
function added(now: string, before: string): string[] {
  const known = before.split('\n').map((line) => line.trim());
  return now
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line && !known.includes(line));
}

/** Settings that can be changed, where the key may go, and whether private addresses are allowed. */
export function SetUpForm({ connection, detail }: { connection: ConnectionView; detail: ConnectorDetail }) {
  const kept: Settings = Object.fromEntries(detail.settings.map((field) => [field.key, asText(connection.config[field.key] ?? field.default)]));
  kept[BASE_URL] = asText(connection.config[BASE_URL]) || plainAddress(detail);
  const [changed, setChanged] = useState<Settings>({});
  const [allow, setAllow] = useState<boolean>();
  const [mistakes, setMistakes] = useState<Mistakes>({});
  const [saved, setSaved] = useState(false);
  const noReach = useNoReach(connection.origins);
  const set = useDo('connection_set', {
    touches: ['connection_list', 'connection_show'],
    onSuccess: () => {
      setChanged({});
      setAllow(undefined);
      setSaved(true);
    },
  });
  const value = (key: string) => changed[key] ?? kept[key] ?? '';
  const fields = asked(detail.settings, { ...kept, ...changed });
  const differs = Object.keys(changed).filter((key) => changed[key]?.trim() !== kept[key]);
  const allowPrivate = allow ?? connection.allowPrivate;
  const dirty = differs.length > 0 || allowPrivate !== connection.allowPrivate;
  const change = (part: Settings) => {
    setChanged({ ...changed, ...part });
    setMistakes(Object.fromEntries(Object.entries(mistakes).filter(([key]) => !(key in part))));
    setSaved(false);
    set.reset();
  };
  const wrong = (): Mistakes => {
    const found: Mistakes = {};
    for (const field of fields) {
      const why = settingMistake(field, value(field.key));
      if (why) found[field.key] = why;
      else if (!value(field.key).trim() && kept[field.key]) found[field.key] = t('connections.setUp.cannotEmpty');
    }
    const address = value(BASE_URL).trim();
    if (differs.includes(BASE_URL) && !isAddress(address)) found[BASE_URL] = t('connect.addressWrong');
    return found;
  };
  const submit = () => {
    if (!dirty || set.isPending) return;
    const found = wrong();
    setMistakes(found);
    const first = Object.keys(found)[0];
    if (first) document.getElementById(id(first))?.focus();
    else
      set.mutate(
        { name: connection.name, config: Object.fromEntries(differs.map((key) => [key, value(key).trim()])), allowPrivate },
        {
          onError: (error) => {
            const { subject, hint } = toProblem(error);
            if (subject?.kind === 'field') setMistakes({ [subject.name]: visible(hint) });
          },
        },
      );
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && dirty) {
      event.preventDefault();
      submit();
    }
  };
  const problem = set.isError ? toProblem(set.error) : undefined;
  const granting = detail.settings.filter((field) => GRANTS.includes(field.key) && differs.includes(field.key)).flatMap((field) => added(value(field.key), kept[field.key] ?? ''));
  const moved = differs.includes(BASE_URL) ? originOf(value(BASE_URL)) : undefined;
  return (
    <form
      className="cn-set-up"
      noValidate
      onKeyDown={keys}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        submit();
      }}
    >
      <section className="card">
        <h3>{t('connections.setUp.settings')}</h3>
        {fields.length === 0 && <p className="meta">{t('connections.setUp.noSettings')}</p>}
        {fields.map((field) => (
          <SettingInput
            key={field.key}
            id={id(field.key)}
            field={field}
            value={value(field.key)}
            error={mistakes[field.key]}
            onChange={(text, others) => change({ ...others, [field.key]: text })}
            lists={{ settings: { ...kept, ...changed }, ask: (setting) => ({ setting, connection: connection.name }) }}
          />
        ))}
        {hasAddress(detail) && (
          <TextInput
            id={id(BASE_URL)}
            label={t('connections.setUp.address')}
            description={t('connections.setUp.addressHelp')}
            inputMode="url"
            spellCheck={false}
            autoComplete="off"
            placeholder={detail.baseUrl}
            value={value(BASE_URL)}
            error={mistakes[BASE_URL]}
            onChange={(event) => change({ [BASE_URL]: event.currentTarget.value })}
          />
        )}
        {reachesServices(detail) && (
          <Checkbox
            size="sm"
            label={t('connections.setUp.private')}
            description={t('connections.setUp.privateHelp')}
            checked={allowPrivate}
            onChange={(event) => {
              setAllow(event.currentTarget.checked);
              setSaved(false);
            }}
          />
        )}
        {granting.length > 0 && <p className="cn-warned">{t('connections.setUp.granting', { what: granting.map(visible).join(', ') })}</p>}
        {moved && !connection.origins.includes(moved) && (
          <p className="cn-warned">{t('connections.setUp.moved', { origin: visible(moved) })}</p>
        )}
        {problem && problem.subject?.kind !== 'field' && <ProblemBlock problem={problem} />}
        <div className="row">
          <BusyButton type="submit" variant="filled" disabled={!dirty} busy={set.isPending}>
            {t('common.save')}
          </BusyButton>
          {dirty && (
            <Button
              onClick={() => {
                setChanged({});
                setAllow(undefined);
                setMistakes({});
                set.reset();
              }}
            >
              {t('connections.setUp.discard')}
            </Button>
          )}
          <span role="status" className="cn-saved">
            {saved && (
              <>
                <span className="cn-word ok">
                  <CheckCircle2 size={14} aria-hidden />
                  {t('connections.setUp.saved')}
                </span>
                <BusyButton busy={false} why={noReach} size="xs" h={30} px={10} onClick={() => void testConnection(connection.name)}>
                  {t('connections.menu.test')}
                </BusyButton>
              </>
            )}
          </span>
        </div>
      </section>
      <Origins connection={connection} />
    </form>
  );
}

function originOf(text: string): string | undefined {
  try {
    return new URL(text.trim()).origin;
  } catch {
    return undefined;
  }
}
