import './icon.css';

/** Icons of the page, 16 units square, drawn with the text's colour. Those of nodes come with the manifest. */
const PATHS = {
  add: 'M8 3.5v9M3.5 8h9',
  alert: 'M8 2.5 14 13H2zM8 6.5v3M8 11.2v.1',
  arrowLeft: 'M13 8H3M7 4 3 8l4 4',
  arrowRight: 'M3 8h10M9 4l4 4-4 4',
  chat: 'M2.5 3.5h11v7.5H7.5L4.5 13.5V11h-2z',
  check: 'm3.5 8.5 3 3 6-7',
  chevronDown: 'm4 6 4 4 4-4',
  chevronRight: 'm6 4 4 4-4 4',
  chevronUp: 'm4 10 4-4 4 4',
  close: 'm4 4 8 8M12 4l-8 8',
  connect: 'M5.5 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM14.5 8a2 2 0 1 1-4 0 2 2 0 0 1 4 0ZM5.5 8h5',
  copy: 'M6 5.5h7.5V13H6zM10.5 5.5V3H3v7.5h3',
  cloudOff: 'm2.5 2.5 11 11M5.2 5.2A4 4 0 0 0 4.5 12.5h8M7 4.2a3.8 3.8 0 0 1 4.6 3.6 2.5 2.5 0 0 1 2 3.7',
  docs: 'M4 2.5h5.5L12.5 5.5v8H4zM6 7.5h4.5M6 10h4.5',
  download: 'M8 2.5v7.5M5 7.5l3 3 3-3M3 13.5h10',
  expand: 'M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  flow: 'M2 3h4.5v3.5H2zM9.5 9.5H14V13H9.5zM6.5 4.7h2.2v6.5h.8',
  help: 'M6 6.2a2 2 0 1 1 2.8 1.9c-.5.3-.8.6-.8 1.2M8 11.5v.1M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0Z',
  key: 'M9.5 6.5a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM8.6 8.6 13.5 13.5M11.5 11.5l1.5-1.5',
  logOut: 'M6.5 2.5h-4v11h4M6.5 8h7M10.5 5l3 3-3 3',
  map: 'M2.5 4 6 2.5l4 1.5 3.5-1.5v9.5L10 13.5 6 12l-3.5 1.5zM6 2.5V12M10 4v9.5',
  more: 'M3.5 8h.1M8 8h.1M12.5 8h.1',
  panelLeft: 'M2.5 3h11v10h-11zM6.5 3v10',
  panelRight: 'M2.5 3h11v10h-11zM9.5 3v10',
  play: 'M5 3.2v9.6L12.5 8z',
  redo: 'M10.5 3 13.5 6l-3 3M13.5 6H6.5a3.5 3.5 0 0 0 0 7H9',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3',
  rename: 'M10.5 3.5 12.5 5.5 6 12l-2.7.7L4 10z',
  search: 'M11 6.8a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0ZM10 10l3.5 3.5',
  send: 'M8 13V3.5M4 7.2 8 3.2l4 4',
  settings: 'M2.5 5h6M12 5h1.5M2.5 11H4M7.5 11h6M12 5a1.7 1.7 0 1 1-3.4 0A1.7 1.7 0 0 1 12 5ZM7.4 11A1.7 1.7 0 1 1 4 11a1.7 1.7 0 0 1 3.4 0Z',
  stop: 'M4.5 4.5h7v7h-7z',
  tidy: 'M2.5 3h4v3.5h-4zM9.5 3h4v3.5h-4zM9.5 9.5h4V13h-4zM6.5 4.7h3M11.5 6.5v3',
  trash: 'M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5 5 13.5h6l.5-9M7 7v4M9 7v4',
  undo: 'M5.5 3 2.5 6l3 3M2.5 6h7a3.5 3.5 0 0 1 0 7H7',
  upload: 'M8 10V2.5M5 5l3-3 3 3M3 13.5h10',
  zoomIn: 'M8 4.5v7M4.5 8h7',
  zoomOut: 'M4.5 8h7',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A node's icon. It is shown as a mask, as an image: nothing in it can run or load. */
export function NodeIcon({ svg, hue, size = 'm' }: { svg: string | undefined; hue: number; size?: 's' | 'm' }) {
  const mask = svg === undefined ? undefined : `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
  return (
    <span className="node-icon" data-hue={hue} data-size={size} aria-hidden="true">
      {mask === undefined ? <Icon name="help" /> : <span className="node-icon-shape" style={{ maskImage: mask }} />}
    </span>
  );
}
