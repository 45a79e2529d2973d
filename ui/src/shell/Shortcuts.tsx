import { Kbd, Modal } from '@mantine/core';

import { t, type WordKey } from '../lib/words';
import { written } from './shortcuts';

const KEYS: [string, WordKey][] = [
  ['Ctrl K', 'shell.keysList.palette'],
  ['Ctrl 1 … 6', 'shell.keysList.pages'],
  ['/', 'shell.keysList.find'],
  ['Ctrl N', 'shell.keysList.new'],
  ['Ctrl B', 'shell.keysList.sidebar'],
  ['Ctrl + − 0', 'shell.keysList.zoom'],
  ['Alt ← →', 'shell.keysList.backForward'],
  ['F6', 'shell.keysList.regions'],
  ['Ctrl Enter', 'shell.keysList.run'],
  ['Ctrl Shift Enter', 'shell.keysList.check'],
  ['Ctrl .', 'shell.keysList.stop'],
  ['Ctrl Z', 'shell.keysList.undoRedo'],
  ['Esc', 'shell.keysList.escape'],
  ['↑ ↓', 'shell.keysList.canvas'],
  ['Enter', 'shell.keysList.canvasOpen'],
  ['A', 'shell.keysList.canvasAdd'],
  ['F2', 'shell.keysList.canvasRename'],
  ['Delete', 'shell.keysList.canvasDelete'],
  ['Shift ↑ ↓', 'shell.keysList.canvasMove'],
  ['F', 'shell.keysList.canvasFix'],
];

/** What the keys do. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={<h2>{t('shell.shortcuts')}</h2>} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <table className="keys">
        <tbody>
          {KEYS.map(([keys, word]) => (
            <tr key={keys}>
              <td>{t(word)}</td>
              <td>
                <Kbd>{written(keys)}</Kbd>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
