/** What is fetched when a node that keeps facts, or a history, is looked at. One file, as the host embeds each by name. */
export { GraphTab } from '../graph/GraphTab';
export { HistoryTab } from '../history/HistoryTab';
