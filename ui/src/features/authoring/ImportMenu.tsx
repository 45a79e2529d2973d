import { Button, Menu, Modal, Textarea } from '@mantine/core';
import { ClipboardPaste, FileUp, Import } from 'lucide-react';
import { useRef, useState } from 'react';

import { t } from '../../lib/words';
import { useDirtyClose } from '../../ui/useDirtyClose';

/** The largest file that is read, as in the engine. */
const LARGEST = 1 << 20;

/** Brings a definition in from a file or from what was copied. */
export function ImportMenu({ onText }: { onText: (text: string) => void }) {
  const file = useRef<HTMLInputElement>(null);
  const [pasting, setPasting] = useState(false);
  const [pasted, setPasted] = useState('');
  const [refused, setRefused] = useState(false);
  const take = async (chosen: File | undefined) => {
    setRefused(chosen !== undefined && chosen.size > LARGEST);
    if (chosen && chosen.size <= LARGEST) onText(await chosen.text());
  };
  const close = () => {
    setPasting(false);
    setPasted('');
  };
  const dirty = useDirtyClose(pasted.trim() === '' ? undefined : 'common.discard', close);
  return (
    <>
      <Menu position="bottom-end" shadow="md" width={200} classNames={{ dropdown: 'cw-pop' }}>
        <Menu.Target>
          <Button leftSection={<Import size={16} aria-hidden />}>{t('authoring.import')}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<FileUp size={16} aria-hidden />} onClick={() => file.current?.click()}>
            {t('authoring.fromFile')}
          </Menu.Item>
          <Menu.Item leftSection={<ClipboardPaste size={16} aria-hidden />} onClick={() => setPasting(true)}>
            {t('authoring.fromPaste')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label={t('authoring.fromFile')}
        onChange={(event) => {
          const input = event.currentTarget;
          void take(input.files?.[0]).then(() => (input.value = ''));
        }}
      />
      <Modal opened={refused} onClose={() => setRefused(false)} title={t('authoring.tooLarge')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        {t('authoring.tooLargeBody')}
      </Modal>
      <Modal opened={pasting} onClose={dirty.close} closeOnEscape={!dirty.asking} onKeyDown={dirty.onKeyDown} size={640} title={t('authoring.pasteTitle')} closeButtonProps={{ 'aria-label': t('common.close') }}>
        <div className="stack">
          <Textarea data-autofocus label={t('authoring.definition')} rows={14} classNames={{ input: 'mono' }} value={pasted} onChange={(event) => setPasted(event.currentTarget.value)} />
          <div className="row au-end">
            <Button onClick={close}>{t('common.cancel')}</Button>
            <Button
              variant="filled"
              disabled={pasted.trim() === ''}
              onClick={() => {
                onText(pasted);
                close();
              }}
            >
              {t('authoring.replace')}
            </Button>
          </div>
        </div>
      </Modal>
      {dirty.question}
    </>
  );
}
