import { MiniMap, Panel, useReactFlow, useStore as useReactFlowStore } from '@xyflow/react';
import type { CardNode } from '../flow/reactFlow';
import { useCatalog, useFlow, usePage, useView } from '../page';
import { IconButton } from '../ui/Button';
import { fitOptions, glideMs } from './fit';
import type { Size } from './tidy';
import { useTidy } from './useTidy';

/** From so many nodes on the map shows by itself. */
const MAP_FROM = 8;

export function CanvasTools({ measured }: { measured: ReadonlyMap<string, Size> }) {
  const { view } = usePage();
  const canvas = useReactFlow();
  const tidy = useTidy(measured);
  const count = useFlow((state) => state.doc.nodes.length);
  const minimap = useView((state) => state.minimap) ?? count >= MAP_FROM;
  const zoom = useReactFlowStore((state) => Math.round(state.transform[2] * 100));
  return (
    <>
      <Panel position="bottom-left" className="tools">
        <IconButton icon="zoomOut" label="Zoom out" keys="-" onClick={() => void canvas.zoomOut()} />
        <button type="button" className="tools-zoom" title="Zoom to 100 % (0)" aria-label={`Zoom is ${zoom} %. Set it to 100 %`} onClick={() => void canvas.zoomTo(1)}>
          {zoom} %
        </button>
        <IconButton icon="zoomIn" label="Zoom in" keys="+" onClick={() => void canvas.zoomIn()} />
        <span className="tools-gap" />
        <IconButton icon="fit" label="Fit everything" keys="1" onClick={() => void canvas.fitView({ ...fitOptions(), duration: glideMs() })} />
        <IconButton icon="tidy" label="Tidy up" keys="Shift Alt T" onClick={() => void tidy()} />
        <IconButton icon="map" label="Map" aria-pressed={minimap} onClick={() => view.setState({ minimap: !minimap })} />
      </Panel>
      {minimap && count > 0 && <Map />}
    </>
  );
}

function Map() {
  const catalog = useCatalog();
  return (
    <MiniMap<CardNode>
      className="map"
      position="bottom-left"
      pannable
      zoomable
      nodeStrokeWidth={0}
      nodeBorderRadius={24}
      nodeClassName={({ data }) => `map-hue-${catalog.hueOf(catalog.node(data.node.type))}`}
      ariaLabel="Map of the flow"
    />
  );
}
