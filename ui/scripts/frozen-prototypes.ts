// The window freezes `Object.prototype`, so that a page that was taken over cannot change what every
// object does. An object then refuses `x.constructor = …`, because it would hide a frozen member
// (ECMA-262 10.1.9.2, OrdinarySetWithOwnDescriptor). d3-color writes that once, when it is loaded.
import type { Plugin } from 'vite';

const FILE = /d3-color[/\\](src[/\\]define\.js|dist[/\\]d3-color\.mjs)$/;
const BEFORE = 'prototype.constructor = constructor;';
const AFTER = "Object.defineProperty(prototype, 'constructor', { value: constructor, writable: true, configurable: true });";

/** Defines where d3-color assigns. Fails the build where the line is not there any more. */
export function frozenPrototypes(): Plugin {
  return {
    name: 'frozen-prototypes',
    transform(code, id) {
      if (!FILE.test(id)) return undefined;
      if (!code.includes(BEFORE)) this.error(`${id} has changed: look whether it still assigns to a prototype`);
      return { code: code.replace(BEFORE, AFTER), map: null };
    },
  };
}
