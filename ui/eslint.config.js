import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'src/bindings'] },
  ...tseslint.configs.strict,
  reactHooks.configs.flat.recommended,
  {
    rules: {
      // Only `platform` touches the host (ARCHITECTURE.md, ownership).
      'no-restricted-imports': ['error', { patterns: [{ group: ['@tauri-apps/*'], message: 'Use ui/src/platform.' }] }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'react-hooks/set-state-in-effect': 'off',
    },
  },
  { files: ['src/platform/**'], rules: { 'no-restricted-imports': 'off' } },
);
