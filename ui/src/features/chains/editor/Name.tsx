import { Button, Popover, TextInput } from '@mantine/core';
import { Pencil } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';

import { t } from '../../../lib/words';
import { useDirtyClose } from '../../../ui/useDirtyClose';
import type { ChainEditor } from '../useChainEditor';

/** Whether what is shown is kept. */
export function SavedState({ editor }: { editor: ChainEditor }) {
  const word = { draft: 'chains.draft', saved: 'chains.saved', saving: 'chains.saving', failed: 'chains.notSaved' } as const;
  return (
    <span role="status" className={editor.state === 'failed' ? 'saved bad' : 'saved'} data-testid="saved">
      {t(word[editor.state])}
    </span>
  );
}

/** Gives the chain another name. */
export function Rename({ name, onRename }: { name: string; onRename: (name: string) => void }) {
  const [text, setText] = useState<string>();
  const done = () => {
    const next = text?.trim();
    if (next && next !== name) onRename(next.slice(0, 80));
    setText(undefined);
  };
  const { close, asking, onKeyDown, question } = useDirtyClose(text === undefined || text === name ? undefined : 'common.discard', () => setText(undefined));
  // The popover's own Escape takes the focus out of the field before anything is asked.
  const keys = (event: KeyboardEvent) => {
    onKeyDown(event);
    if (event.key !== 'Escape') return;
    event.preventDefault();
    close();
  };
  return (
    <>
      <Popover opened={text !== undefined} onChange={(opened) => !opened && close()} closeOnEscape={false} closeOnClickOutside={!asking} trapFocus returnFocus shadow="md" width={320}>
        <Popover.Target>
          <Button size="compact-xs" variant="subtle" className="rename" aria-label={t('common.rename')} onClick={() => setText(name)}>
            <Pencil size={14} aria-hidden className="rename-icon" />
            <span className="rename-word">{t('common.rename')}</span>
          </Button>
        </Popover.Target>
        <Popover.Dropdown onKeyDown={keys}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              done();
            }}
          >
            <div className="row nowrap">
              <TextInput
                aria-label={t('chains.renameChain')}
                value={text ?? ''}
                maxLength={80}
                onChange={(event) => setText(event.currentTarget.value)}
                data-autofocus
              />
              <Button type="submit" variant="filled" disabled={!text?.trim()}>
                {t('common.save')}
              </Button>
            </div>
          </form>
        </Popover.Dropdown>
      </Popover>
      {question}
    </>
  );
}
