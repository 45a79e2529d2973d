import '@mantine/notifications/styles.layer.css';
import './toasts.css';

import { Button } from '@mantine/core';
import { Notifications, notifications, notificationsStore } from '@mantine/notifications';
import { useEffect } from 'react';

import { useWorkspace } from '../../engine';
import { t } from '../../lib/words';
import { showWith, type Toast } from './toast';

/** How long one stands; the pointer or the focus on it holds it (ux.md, WCAG 2.2.1). */
const STANDS_MS = 5_000;
/** More wait until one is gone. */
const MOST = 3;

/** The confirmations, and what could not be taken back, above the status bar. */
export default function Shown() {
  useEffect(() => {
    showWith({ show, hide: (id) => void notifications.hide(id) });
    // What was done elsewhere is not taken back from here.
    return useWorkspace.subscribe(() => notifications.clean());
  }, []);
  return <Notifications className="toasts" position="bottom-right" autoClose={STANDS_MS} limit={MOST} withinPortal={false} />;
}

function show(toast: Toast & { id: string }) {
  const { failed } = toast;
  notifications.hide(toast.id);
  notifications.show({
    id: toast.id,
    // A confirmation is read out by the region that is there already.
    role: failed ? 'alert' : 'group',
    'aria-label': toast.words,
    // F6 leads to it.
    'data-region': true,
    'data-testid': 'toast',
    className: failed ? 'toast bad' : 'toast',
    withBorder: true,
    closeButtonProps: { 'aria-label': t('common.close') },
    // What failed does not go away by itself. Else the pointer holds it; who comes by keys has as much time.
    ...(failed ? { autoClose: false } : { onFocus: () => stands(toast.id, false), onBlur: () => stands(toast.id, STANDS_MS) }),
    message: <Said {...toast} />,
  });
}

function stands(id: string, autoClose: number | false) {
  const { notifications: shown } = notificationsStore.getState();
  const own = shown.find((one) => one.id === id);
  if (own) notifications.update({ ...own, id, autoClose });
}

function Said({ id, words, undo, failed }: Toast & { id: string }) {
  const act = failed?.again ?? undo;
  return (
    <div className="toast-said">
      <div>
        {words}
        {failed && <p className="meta">{failed.hint}</p>}
      </div>
      {act && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            act();
            notifications.hide(id);
            // The button goes, and with it the focus.
            document.querySelector<HTMLElement>('main')?.focus();
          }}
        >
          {t(failed ? 'common.tryAgain' : 'common.undo')}
        </Button>
      )}
    </div>
  );
}
