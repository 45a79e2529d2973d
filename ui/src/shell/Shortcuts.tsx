import { Kbd, Modal } from '@mantine/core';
import { useLocation } from 'wouter';

import { t } from '../lib/words';
import { EVERYWHERE, keysOf, type Key } from './keys';
import { usePreferences } from './preferences';
import { written } from './shortcuts';

/** What the keys do: those of this page first. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const [location] = useLocation();
  const signs = usePreferences((state) => state.signs);
  const page = keysOf(location);
  return (
    <Modal opened onClose={onClose} size={520} title={t('shell.shortcuts')} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <div className="stack">
        {!signs && <p className="meta">{t('shell.keysList.signsOff')}</p>}
        {page && <KeyTable title={t('shell.keysList.onThisPage', { page: t(page.title) })} keys={page.keys} />}
        <KeyTable title={t('shell.keysList.everywhere')} keys={EVERYWHERE} />
      </div>
    </Modal>
  );
}

/** Keys with their meaning, under a heading. */
export function KeyTable({ title, keys }: { title: string; keys: Key[] }) {
  return (
    <table className="keys">
      <caption>{title}</caption>
      <tbody>
        {keys.map((key) => (
          <tr key={key.written}>
            <th scope="row">{t(key.word)}</th>
            <td>
              <Kbd>{written(key.written)}</Kbd>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
