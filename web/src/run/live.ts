import type { ApiError } from '../api/client';
import type { Follower, RunNews } from '../api/events';
import { withNews, type Exchange } from './exchange';
import { partAfter, partOfStep, type Parts } from './parts';
import { showWorking } from './working';

export type Follow = (run: string, on: Follower) => () => void;

interface LiveDeps {
  follow: Follow;
  put: (key: string, next: (before: Exchange) => Exchange) => void;
  /** Keeps what has come for a reload. */
  keep: () => void;
  /** The run has answered, or failed. */
  ended: (key: string, at: Parts) => void;
  /** The host was started anew while it answered. What it had stored before is there. */
  lost: (at: Parts) => Promise<void>;
}

/** Pieces of text that come within a frame are shown at once. */
const FRAME_MS = 32;
/** Each so many frames, text is kept for a reload; the host tells it again from the start. */
const KEPT_FRAMES = 30;

/** Puts the news of the run that is open into its exchange, and shows at the cards where it is. */
export function createLive({ follow, put, keep, ended, lost }: LiveDeps) {
  let unfollow: (() => void) | undefined;
  let pending: { key: string; text: string } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frames = 0;

  const showText = () => {
    clearTimeout(timer);
    timer = undefined;
    if (!pending) return;
    const { key, text } = pending;
    pending = undefined;
    put(key, (before) => withNews(before, { is: 'text', text }));
    frames += 1;
    if (frames % KEPT_FRAMES === 0) keep();
  };

  const take = (key: string, news: RunNews, at: Parts) => {
    if (news.is === 'text') {
      pending = { key, text: (pending?.text ?? '') + news.text };
      timer ??= setTimeout(showText, FRAME_MS);
      return;
    }
    showText();
    put(key, (before) => withNews(before, news));
    if (news.is === 'done' || news.is === 'failed') return ended(key, at);
    const newest = news.is === 'step' ? news.step : undefined;
    showWorking(at, partAfter(at, newest) ?? (newest && partOfStep(at, newest)));
    keep();
  };

  const fail = (key: string, at: Parts, error: ApiError) => {
    put(key, (before) => ({ ...withWaiting(before, false), is: 'failed', error }));
    ended(key, at);
  };

  return {
    fail,

    listen(key: string, run: string, at: Parts): void {
      let left = false;
      const whileHere =
        <Args extends unknown[]>(act: (...args: Args) => void) =>
        (...args: Args) => {
          if (!left) act(...args);
        };
      showWorking(at, partAfter(at, undefined) ?? at.chain);
      const end = follow(run, {
        news: whileHere((news) => take(key, news, at)),
        waiting: whileHere((waiting) => put(key, (before) => withWaiting(before, waiting))),
        refused: whileHere((error) => fail(key, at, error)),
        gone: whileHere(() => {
          showText();
          put(key, (before) => ({ ...withWaiting(before, false), is: 'lost' }));
          void lost(at);
        }),
      });
      unfollow = () => {
        left = true;
        end();
      };
    },

    /** Another conversation is opened; the run goes on at the host. */
    leave(): void {
      showText();
      unfollow?.();
      unfollow = undefined;
    },
  };
}

function withWaiting(exchange: Exchange, waiting: boolean): Exchange {
  const { waiting: _, ...rest } = exchange;
  return waiting ? { ...rest, waiting } : rest;
}
