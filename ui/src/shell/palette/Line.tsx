import { Kbd } from '@mantine/core';

import { t } from '../../lib/words';
import { written } from '../shortcuts';
import type { Command } from './command';

interface Props {
  id: string;
  command: Command;
  /** Its group's heading stands above it. */
  head: boolean;
  /** Its group is named beside it. */
  aside: boolean;
  chosen: boolean;
  onChoose: () => void;
  onPoint: () => void;
}

/** One command: what cannot be done now stays, with the reason. */
export function Line({ id, command, head, aside, chosen, onChoose, onPoint }: Props) {
  const { icon: Icon, label, keys, why, group } = command;
  return (
    <li role="presentation">
      {head && (
        <div className="palette-group" role="presentation">
          {t(`shell.palette.groups.${group}`)}
        </div>
      )}
      <div role="option" id={id} aria-selected={chosen} aria-disabled={why !== undefined} className="palette-item" onClick={onChoose} onMouseMove={onPoint}>
        <Icon size={16} aria-hidden />
        <span className="cut">{label}</span>
        {why ? <span className="meta cut palette-why">{why}</span> : aside && <span className="meta">{t(`shell.palette.groups.${group}`)}</span>}
        {keys && <Kbd size="xs">{written(keys)}</Kbd>}
      </div>
    </li>
  );
}
