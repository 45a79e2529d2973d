// The only place that touches the host.
import { browser } from './browser';
import type { Platform } from './types';
import { desktopWindow } from './window';

export { drawn } from './drawn';
export { hold, type Held } from './leaving';
export { ProblemError, toProblem } from './types';
export type { CommandName, Listener, Platform, Request, ReservedPage, Response, StreamMessage } from './types';

/** The host this page runs in. */
export const platform: Platform = '__TAURI_INTERNALS__' in window ? desktopWindow() : browser();
