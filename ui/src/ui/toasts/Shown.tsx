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

/** The confirmations, above the status bar. */
export default function Shown() {
  useEffect(() => {
    showWith({ show, hide: (id) => void notifications.hide(id) });
    // What was done elsewhere is not taken back from here.
    return useWorkspace.subscribe(() => notifications.clean());
  }, []);
  return <Notifications className="toasts" position="bottom-right" autoClose={STANDS_MS} limit={MOST} withinPortal={false} />;
}

function show(toast: Toast & { id: string }) {
  notifications.hide(toast.id);
  notifications.show({
    id: toast.id,
    // Read out by the region that is there already.
    role: 'group',
    'aria-label': toast.words,
    // F6 leads to it.
    'data-region': true,
    'data-testid': 'toast',
    className: 'toast',
    withBorder: true,
    closeButtonProps: { 'aria-label': t('common.close') },
    // The pointer holds it by itself; who comes by keys has as much time.
    onFocus: () => stands(toast.id, false),
    onBlur: () => stands(toast.id, STANDS_MS),
    message: <Said {...toast} />,
  });
}

function stands(id: string, autoClose: number | false) {
  const { notifications: shown } = notificationsStore.getState();
  const own = shown.find((one) => one.id === id);
  if (own) notifications.update({ ...own, id, autoClose });
}

function Said({ id, words, undo }: Toast & { id: string }) {
  return (
    <div className="toast-said">
      <span>{words}</span>
      {undo && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            undo();
            notifications.hide(id);
            // The button goes, and with it the focus.
            document.querySelector<HTMLElement>('main')?.focus();
          }}
        >
          {t('common.undo')}
        </Button>
      )}
    </div>
  );
}
