import { Channel, invoke } from '@tauri-apps/api/core';

import type { Problem } from '../bindings/wire';
import { leaving } from './leaving';
import { ProblemError, type CommandName, type Platform, type Request, type Response, type StreamMessage } from './types';

/** How long to wait before the feed is asked for again. */
const PAUSE_MS = 1_000;

declare global {
  interface Window {
    /** The program asks this before it ends (`src-tauri/src/unsaved.rs`). */
    patchbayLeaving?: typeof leaving;
  }
}

/** The window of the desktop application. */
export function desktopWindow(): Platform {
  window.patchbayLeaving = leaving;
  return {
    kind: 'window',
    async call<C extends CommandName>(workspace: string, command: C, request: Request<C>) {
      try {
        return await invoke<Response<C>>('rpc', { workspace, name: command, request });
      } catch (error) {
        if (isProblem(error)) throw new ProblemError(error);
        throw error;
      }
    },
    listen(listener) {
      let over = false;
      const channel = new Channel<StreamMessage>();
      channel.onmessage = (message) => {
        if (!over) listener.message(message);
      };
      const subscribe = () => {
        if (over) return;
        invoke('subscribe', { channel }).catch(() => {
          listener.broken();
          setTimeout(subscribe, PAUSE_MS);
        });
      };
      subscribe();
      return () => {
        over = true;
      };
    },
    async openUrl(url) {
      await this.call('default', 'url_open', { url });
    },
    async saveFile(name, _type, text) {
      const { path } = await this.call('default', 'file_save', { name, text });
      return path?.split('/').at(-1);
    },
    async pickFolder(title) {
      const { path } = await this.call('default', 'folder_pick', { title });
      return path ?? undefined;
    },
    needsToken: () => false,
    setToken: () => undefined,
  };
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'code' in error && 'title' in error;
}
