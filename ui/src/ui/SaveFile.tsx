import { Button, Checkbox } from '@mantine/core';
import { Download, type LucideIcon } from 'lucide-react';
import { useState } from 'react';

import { t } from '../lib/words';
import { platform, toProblem } from '../platform';
import { ProblemBlock } from './ProblemBlock';

interface Props {
  label: string;
  icon?: LucideIcon;
  name: string;
  /** Its media type. */
  type: string;
  /** Something in it may be private: it is masked in the file, unless the user wants it there. */
  masks?: boolean;
  /** What is in it, with private values where they are `open`: read when it is asked for. */
  text: (open: boolean) => Promise<string>;
}

/** Saves a file where the user wants it, and says under which name, or why not. */
export function SaveFile({ label, icon: Icon = Download, name, type, masks = false, text }: Props) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  const [refused, setRefused] = useState<unknown>();
  const save = async () => {
    setBusy(true);
    setRefused(undefined);
    try {
      const file = await platform.saveFile(name, type, await text(open || !masks));
      setSaid(file === undefined ? '' : t('common.saved', { file }));
    } catch (error) {
      setRefused(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack">
      <div className="row">
        <Button size="xs" leftSection={<Icon size={14} aria-hidden />} loading={busy} onClick={() => void save()}>
          {label}
        </Button>
        <span className="meta" role="status">
          {said}
        </span>
      </div>
      {masks && <Checkbox size="xs" label={t('common.saveOpen')} description={t(open ? 'common.saveOpenAbout' : 'common.saveMasked')} checked={open} onChange={(event) => setOpen(event.currentTarget.checked)} />}
      {refused !== undefined && <ProblemBlock problem={toProblem(refused)} />}
    </div>
  );
}
