import { describe, expect, test } from 'vitest';

import { runtimePaths } from '../../src/bridge/embed.ts';

describe('the paths of a host', () => {
  test('are in EMBEDHOUSE_RUNTIME, else in the user’s runtime folder, else in a temporary one', () => {
    expect(runtimePaths({ EMBEDHOUSE_RUNTIME: '/run/mine', XDG_RUNTIME_DIR: '/run/user/7' })).toEqual({
      folder: '/run/mine',
      socket: '/run/mine/host.sock',
      log: '/run/mine/host.log',
      lock: '/run/mine/host.starting',
    });
    expect(runtimePaths({ XDG_RUNTIME_DIR: '/run/user/7' }).folder).toBe('/run/user/7/embedhouse');
    expect(runtimePaths({}).folder).toContain(`embedhouse-${process.getuid?.()}`);
  });

  test.each([
    ['long', `/run/${'x'.repeat(100)}`],
    ['of long characters', `/run/${'ü'.repeat(50)}`],
  ])('go elsewhere when a folder is %s: a socket’s path has at most 103 bytes', (_, folder) => {
    const { socket } = runtimePaths({ EMBEDHOUSE_RUNTIME: folder, XDG_RUNTIME_DIR: '/run/user/7' });
    expect(socket).toBe('/run/user/7/embedhouse/host.sock');
    expect(
      Buffer.byteLength(runtimePaths({ EMBEDHOUSE_RUNTIME: folder, XDG_RUNTIME_DIR: folder }).socket),
    ).toBeLessThan(104);
  });

  test('use up what a socket’s path may have', () => {
    const folder = `/${'x'.repeat(103 - '/'.length - '/host.sock'.length)}`;
    expect(runtimePaths({ EMBEDHOUSE_RUNTIME: folder }).folder).toBe(folder);
    expect(runtimePaths({ EMBEDHOUSE_RUNTIME: `${folder}x` }).folder).not.toBe(`${folder}x`);
  });
});
