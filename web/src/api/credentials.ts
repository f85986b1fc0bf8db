import { call } from './client';
import type { Ok } from './types';

export const credentials = {
  list: () => call<Ok<'listCredentials'>>('/credentials'),
};
