// What a test waits for comes soon; on a busy machine, somewhat later.
import { configure } from '@testing-library/react';

configure({ asyncUtilTimeout: 5_000 });
