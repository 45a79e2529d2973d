import { Button, Modal } from '@mantine/core';
import { useState, type KeyboardEvent, type ReactNode } from 'react';

import { t } from '../lib/words';

/** What would be lost, by the words that ask about it. */
export type Losing = 'common.discard' | 'signIn.discard';

interface DirtyClose {
  /** Closes, or asks first. */
  close: () => void;
  /** Whether it is asked now. */
  asking: boolean;
  /** For the dialog: going elsewhere by keyboard would lose the same. */
  onKeyDown: (event: KeyboardEvent) => void;
  /** To be drawn beside the dialog. */
  question: ReactNode;
}

/** Closes a dialog, and asks first while something in it would be lost: a key pressed by mistake loses nothing. */
export function useDirtyClose(losing: Losing | undefined, onClose: () => void): DirtyClose {
  const [asking, setAsking] = useState(false);
  const asked = asking && losing !== undefined;
  return {
    close: () => (losing ? setAsking(true) : onClose()),
    asking: asked,
    onKeyDown: (event) => {
      const command = event.ctrlKey || event.metaKey;
      if (losing && ((event.altKey && event.key.startsWith('Arrow')) || (command && /^[1-9kn]$/i.test(event.key)))) {
        event.preventDefault();
        setAsking(true);
      }
    },
    question: asked && (
      <Discard
        losing={losing}
        onKeep={() => setAsking(false)}
        onDiscard={() => {
          setAsking(false);
          onClose();
        }}
      />
    ),
  };
}

/** Asks before what was typed, or a sign-in, is lost. */
function Discard({ losing, onKeep, onDiscard }: { losing: Losing; onKeep: () => void; onDiscard: () => void }) {
  const [before] = useState(() => document.activeElement);
  const keep = () => {
    onKeep();
    setTimeout(() => before instanceof HTMLElement && before.focus());
  };
  return (
    <Modal opened onClose={keep} size={400} zIndex={400} role="alertdialog" withCloseButton={false} title={t(`${losing}.title`)} className="discard">
      <p>{t(`${losing}.body`)}</p>
      <div className="discard-foot">
        <Button data-autofocus onClick={keep}>
          {t(`${losing}.keep`)}
        </Button>
        <Button variant="filled" color="red.9" onClick={onDiscard}>
          {t(`${losing}.discard`)}
        </Button>
      </div>
    </Modal>
  );
}
