import config from './playwright.config';

/** What is driven like a test and is none: it writes pictures, or prints figures. */
export default { ...config, testMatch: '*.tool.ts' };
