import { Button } from '@mantine/core';
import { FolderOpen } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { visible } from '../../lib/format';
import { t } from '../../lib/words';
import { platform, toProblem } from '../../platform';

interface Props {
  label: string;
  /** One path on each line. */
  value: string;
  onChange: (value: string) => void;
  /** The field itself. */
  children: ReactNode;
}

/** Adds what is chosen in a dialog to a list of folders. In a browser paths are typed. */
export function FolderLines({ label, value, onChange, children }: Props) {
  const [failed, setFailed] = useState<string>();
  const pick = platform.pickFolder?.bind(platform);
  if (!pick) return children;
  const choose = async () => {
    setFailed(undefined);
    try {
      const path = await pick(label);
      const lines = value.split('\n').filter((line) => line.trim());
      if (path && !lines.includes(path)) onChange([...lines, path].join('\n'));
    } catch (error) {
      setFailed(visible(toProblem(error).hint));
    }
  };
  return (
    <div className="cw-folders">
      {children}
      <Button size="xs" h={30} px={10} leftSection={<FolderOpen size={14} aria-hidden />} onClick={() => void choose()}>
        {t('connect.chooseFolder')}
      </Button>
      {failed && (
        <p className="cw-doubt" role="status">
          {failed}
        </p>
      )}
    </div>
  );
}
